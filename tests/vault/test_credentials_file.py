import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentos.core.errors import ConfigError, LockedError
from agentos.vault.credentials_file import CredentialsFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "agentos"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_and_its_folders_are_closed_to_others_whatever_the_umask_is(folder: Path) -> None:
    before = os.umask(0)
    try:
        file = CredentialsFile(folder)
        with file.locked():
            assert file.read() == ""
            file.write("a = 1\n")
    finally:
        os.umask(before)
    assert mode(file.path) == 0o600
    assert mode(folder) == mode(folder.parent) == 0o700
    assert file.read() == "a = 1\n"
    assert os.listdir(folder) == ["credentials.toml"]


def test_it_is_never_there_with_another_mode(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The modes at each system call that follows the creation of the temporary file."""
    seen: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        seen.extend(mode(path) for path in folder.iterdir())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    before = os.umask(0)
    try:
        with CredentialsFile(folder).locked():
            CredentialsFile(folder).write("a = 1\n")
    finally:
        os.umask(before)
    assert set(seen) == {0o600}


def test_a_folder_that_was_open_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    with CredentialsFile(folder).locked():
        assert mode(folder) == 0o700


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o622])
def test_nothing_is_stored_where_others_can_look(folder: Path, open_mode: int) -> None:
    file = CredentialsFile(folder)
    file.check_private()  # there is none
    folder.mkdir(parents=True)
    file.path.write_text("")
    file.path.chmod(open_mode)
    with pytest.raises(ConfigError, match="is open to other users") as caught:
        file.check_private()
    assert caught.value.hint == f"type: chmod 600 {file.path}"


def test_a_symlink_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    elsewhere.write_text("")
    folder.mkdir(parents=True)
    file = CredentialsFile(folder)
    file.path.symlink_to(elsewhere)
    with pytest.raises(ConfigError, match="is a symlink") as caught:
        file.read()
    assert str(elsewhere) in caught.value.hint


def test_what_is_no_toml_is_told(folder: Path) -> None:
    folder.mkdir(parents=True)
    file = CredentialsFile(folder)
    file.path.write_bytes(b"a = ")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        file.read()


@pytest.mark.parametrize("text", ["credential = 7", "credential = [7]", "[credential]\nname = 'a'"])
def test_what_holds_no_entries_is_told_with_its_file(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    file = CredentialsFile(folder)
    file.path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        file.read()
    assert str(caught.value) == f"{file.path}: credentials are written as [[credential]] tables"
    assert caught.value.hint == "mend it by hand"


def test_a_full_disk_leaves_it_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CredentialsFile(folder)
    with file.locked():
        file.write("a = 1\n")

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match="cannot be written: No space left"):
            file.write("a = 2\n")
    assert file.path.read_text() == "a = 1\n"
    assert os.listdir(folder) == ["credentials.toml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with (
        pytest.raises(ConfigError, match=r"agentos cannot be used: "),
        CredentialsFile(tmp_path / "config" / "agentos").locked(),
    ):
        pass


def test_one_changes_it_at_a_time(folder: Path) -> None:
    file = CredentialsFile(folder)
    slept: list[float] = []
    with (
        file.locked(),
        pytest.raises(LockedError, match=r"another agentos has been changing .* for 1 s"),
        file.locked(1.0, slept.append),
    ):
        pass
    assert len(slept) == 20
    with file.locked():
        pass


def test_whoever_waits_gets_it_when_it_is_free(folder: Path) -> None:
    file = CredentialsFile(folder)
    is_waiting, is_free = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        is_waiting.set()
        assert is_free.wait(30)

    def hold() -> None:
        with file.locked():
            assert is_waiting.wait(30)
        is_free.set()

    with file.locked():
        pass
    holder = threading.Thread(target=hold)
    holder.start()
    while holder.is_alive() and not _is_locked(folder):
        pass
    with file.locked(10.0, sleep):
        assert is_waiting.is_set()
    holder.join()


def _is_locked(folder: Path) -> bool:
    try:
        with CredentialsFile(folder).locked(0.0, lambda _seconds: None):
            return False
    except LockedError:
        return True


def test_the_system_frees_the_lock_of_who_was_killed(folder: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from agentos.vault.credentials_file import CredentialsFile\n"
        "with CredentialsFile(Path(sys.argv[1])).locked():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert killed.returncode == -9
    with CredentialsFile(folder).locked(0.0, lambda _seconds: None):
        pass


def test_a_lock_that_cannot_be_had_at_all_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int, _what: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with (
        pytest.raises(ConfigError, match="cannot be locked: No locks available"),
        CredentialsFile(folder).locked(),
    ):
        pass
