"""Files that are there as a whole or not at all, also after a kill or a power cut."""

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, *, most: int = 64 * 1024 * 1024) -> bytes:
    """The content of a regular file of at most that many bytes.

    A pipe or device in its place is not waited for. Raises OSError, with a sentence as `strerror`.
    """
    with open(path, "rb", opener=_opened_at_once) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most} bytes", str(path))
        return file.read(most)


def _opened_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def sync_folder(folder: Path) -> None:
    """Put names that were added to, changed in or removed from `folder` on disk; raises OSError."""
    _sync(folder, os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Put what was written to a file on disk, by whomever; raises OSError."""
    _sync(path, os.O_NOFOLLOW)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Make `path`, whole or not at all, and never over one that is there, however it came there.

    Raises FileExistsError for one that is there, else OSError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    replace_file(temporary, content, mode=mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, then filled
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Give `path` a new content, through a temporary file beside it.

    For one writer at a time: a killed one leaves the old file and a hidden temporary one, which the
    next replaces. `durable` waits until the disk has it; without, only a power cut can lose it.
    Raises OSError.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)
