"""The folder that a run's socket lies in: short of name, its owner's alone, removed afterwards."""

import errno
import os
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from agentos.core.errors import ConfigError
from agentos.workflows.left_folders import left_folders

_MAX_PATH = 103 if sys.platform == "darwin" else 107  # bytes of a socket's address, without its NUL
_SOCKET = "s"
_LONGEST_START = 600.0
"""Seconds between the making of the folder and that of the socket: a start waits for survivors."""

_FOLDERS = "agentos-"
"""Before the number of the process."""


def socket_folder(environ: Mapping[str, str]) -> Path:
    """Make a new folder (mode 0700) under XDG_RUNTIME_DIR, else under the temporary folder.

    Folders of dead runs are removed on the way. Raises ConfigError when a path would be too long
    or nothing can be made there.
    """
    bases = socket_bases(environ)
    problem: Exception | None = None
    for base in bases:
        _sweep(base)
        try:
            return _make(base.absolute())
        except (OSError, ConfigError) as error:
            problem = error
    if isinstance(problem, ConfigError):
        raise problem
    raise ConfigError(
        f"No folder for a socket can be made in {bases[-1]}: {problem}",
        "Set TMPDIR to a folder that you can write to.",
    ) from problem


def socket_bases(environ: Mapping[str, str]) -> list[Path]:
    """Where the folder may be made, the first choice in front. Raises ConfigError for nowhere."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    temporary = Path(environ.get("TMPDIR") or _temporary_folder())
    return [Path(runtime), temporary] if runtime else [temporary]


def check_base(base: Path) -> None:
    """Look whether a folder with a socket can be made there; raises ConfigError, OSError."""
    socket_path(base.absolute() / f"{_prefix()}12345678")  # tempfile adds eight characters
    if not stat.S_ISDIR(base.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(base))
    if not os.access(base, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(base))


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        raise ConfigError(
            "There is no temporary folder that can be written to", "Set TMPDIR to one."
        ) from error


def socket_path(folder: Path) -> Path:
    """Where the socket lies in its folder. Raises ConfigError if no socket can have this path."""
    path = folder / _SOCKET
    length = len(os.fsencode(path))
    if length > _MAX_PATH:
        raise ConfigError(
            f"{path} is too long for a socket: {length} bytes, {_MAX_PATH} are allowed",
            "Set TMPDIR to a folder with a short path, such as /tmp.",
        )
    return path


def remove_socket_folder(folder: Path) -> None:
    """Remove the folder and its socket; whatever else lies in it stays, with the folder."""
    with suppress(OSError):
        (folder / _SOCKET).unlink(missing_ok=True)
        folder.rmdir()


def _make(base: Path) -> Path:
    check_base(base)
    return Path(tempfile.mkdtemp(prefix=_prefix(), dir=base))


def _prefix() -> str:
    return f"{_FOLDERS}{os.getpid()}-"


def _sweep(base: Path) -> None:
    """Remove what runs left here that were killed; what can be reached is in use."""
    with suppress(OSError):
        for entry in left_folders(base, _FOLDERS):
            if _is_abandoned(entry):
                remove_socket_folder(entry)


def _is_abandoned(folder: Path) -> bool:
    """Whether nobody listens on its socket, or has made none in the time that a start takes."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a queue that is full is somebody's, too
        try:
            probe.connect(str(folder / _SOCKET))
        except ConnectionRefusedError:
            return True
        except FileNotFoundError:
            return time.time() - folder.lstat().st_mtime > _LONGEST_START
        except OSError:
            return False
    return False
