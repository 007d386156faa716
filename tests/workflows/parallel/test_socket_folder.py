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


def test_what_dead_runs_left_is_swept(base: Path, dead_pid: int) -> None:
    left = base / f"agentos-{dead_pid}-abcd1234"
    left.mkdir()
    (left / "s").touch()
    socket_folder({"TMPDIR": str(base)})
    assert not left.exists()


def test_everything_else_stays(base: Path, dead_pid: int) -> None:
    living = base / f"agentos-{os.getpid()}-abcd1234"
    full = base / f"agentos-{dead_pid}-full1234"
    foreign = base / f"agentos-{dead_pid}-notes"
    target = base / "target"
    link = base / f"agentos-{dead_pid}-link1234"
    for folder in (living, full, foreign, target):
        folder.mkdir()
    (full / "somebody's").touch()
    (target / "s").touch()
    link.symlink_to(target)
    socket_folder({"TMPDIR": str(base)})
    assert all(path.exists() for path in (living, full / "somebody's", foreign, target / "s", link))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_folders_of_other_users_stay(base: Path, dead_pid: int) -> None:
    theirs = base / f"agentos-{dead_pid}-abcd1234"
    theirs.mkdir()
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
