import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos.core.errors import ConfigError
from agentos.workflows.parallel.socket_folder import (
    check_base,
    remove_socket_folder,
    socket_bases,
    socket_folder,
    socket_path,
)


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder with a short path: pytest's own may be too long for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_lies_in_the_runtime_folder_and_is_private(base: Path) -> None:
    folder = socket_folder({"XDG_RUNTIME_DIR": str(base), "TMPDIR": "/nowhere"})
    assert folder.parent == base
    assert folder.name.startswith(f"agentos-{os.getpid()}-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_a_runtime_folder_the_temporary_one_serves(base: Path) -> None:
    assert socket_folder({"TMPDIR": str(base)}).parent == base


def test_the_system_knows_a_temporary_folder(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(base))
    assert socket_folder({}).parent == base


@pytest.mark.parametrize("runtime", ["missing", "long" * 25])
def test_a_runtime_folder_that_does_not_do_is_passed_over(base: Path, runtime: str) -> None:
    (base / ("long" * 25)).mkdir()
    environ = {"XDG_RUNTIME_DIR": str(base / runtime), "TMPDIR": str(base)}
    assert socket_folder(environ).parent == base


def test_a_long_path_is_named(base: Path) -> None:
    long = base / ("é" * 50)
    long.mkdir()
    with pytest.raises(ConfigError, match="too long for a socket") as caught:
        socket_folder({"TMPDIR": str(long)})
    assert str(long) in str(caught.value)
    assert caught.value.hint


def test_a_temporary_folder_that_is_missing_is_named(base: Path) -> None:
    with pytest.raises(ConfigError, match=str(base / "missing")):
        socket_folder({"TMPDIR": str(base / "missing")})


def test_the_limit_is_what_the_system_allows(base: Path) -> None:
    room = (103 if sys.platform == "darwin" else 107) - len(str(base)) - len("//s")
    fits, too_long = base / ("x" * room), base / ("x" * (room + 1))
    fits.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_path(fits)))
    with pytest.raises(ConfigError):
        socket_path(too_long)


def left_by_a_killed_run(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        server.listen()
    return folder


def test_what_dead_runs_left_is_swept(base: Path, dead_pid: int) -> None:
    left = left_by_a_killed_run(base / f"agentos-{dead_pid}-abcd1234")
    before_its_socket = base / f"agentos-{dead_pid}-empty123"
    before_its_socket.mkdir()
    os.utime(before_its_socket, (0, 0))
    socket_folder({"TMPDIR": str(base)})
    assert not left.exists()
    assert not before_its_socket.exists()


def test_what_is_in_use_stays_also_where_its_process_cannot_be_seen(
    base: Path, dead_pid: int
) -> None:
    served = base / f"agentos-{dead_pid}-abcd1234"
    begun = base / f"agentos-{dead_pid}-begun123"
    for folder in (served, begun):
        folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(served / "s"))
        server.listen()
        socket_folder({"TMPDIR": str(base)})
        assert (served / "s").exists()
    assert begun.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_also_while_it_has_no_room_for_another_connection(base: Path, dead_pid: int) -> None:
    busy = base / f"agentos-{dead_pid}-abcd1234"
    busy.mkdir()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(busy / "s"))
        server.listen(0)
        client.connect(str(busy / "s"))  # and nobody accepts it
        socket_folder({"TMPDIR": str(base)})
        assert (busy / "s").exists()


def test_everything_else_stays(base: Path, dead_pid: int) -> None:
    living = left_by_a_killed_run(base / f"agentos-{os.getpid()}-abcd1234")
    full = left_by_a_killed_run(base / f"agentos-{dead_pid}-full1234")
    foreign = left_by_a_killed_run(base / f"agentos-{dead_pid}-notes")
    target = left_by_a_killed_run(base / "target")
    link = base / f"agentos-{dead_pid}-link1234"
    (full / "somebody's").touch()
    link.symlink_to(target)
    socket_folder({"TMPDIR": str(base)})
    stay = (living / "s", full / "somebody's", foreign / "s", target / "s", link)
    assert all(path.exists() for path in stay)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_folders_of_other_users_stay(base: Path, dead_pid: int) -> None:
    theirs = left_by_a_killed_run(base / f"agentos-{dead_pid}-abcd1234")
    os.chown(theirs, 65534, 65534)
    socket_folder({"TMPDIR": str(base)})
    assert theirs.exists()


def test_removing_twice_is_fine(base: Path) -> None:
    folder = socket_folder({"TMPDIR": str(base)})
    (folder / "s").touch()
    remove_socket_folder(folder)
    remove_socket_folder(folder)
    assert not folder.exists()


def test_a_look_makes_nothing(base: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(base), "TMPDIR": "/nowhere"}
    assert socket_bases(environ) == [base, Path("/nowhere")]
    check_base(base)
    assert list(base.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        check_base(Path("/nowhere"))
    (base / "file").touch()
    with pytest.raises(NotADirectoryError):
        check_base(base / "file")
