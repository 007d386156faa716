"""Opening files of a project that may have been prepared to mislead.

A path is walked folder by folder without following a symlink, and only regular files are read, so
that neither a link nor a named pipe nor a device can be reached, whatever happens to the tree
meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def open_folder(project: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """A descriptor of a folder below the project. Raises OSError, for a symlink as well."""
    descriptor = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def read_beginning(project: Path, path: str, limit: int) -> tuple[bytes, int]:
    """At most `limit` bytes of a regular file, and the size of the whole in bytes.

    Raises OSError for whatever is missing, unreadable, a symlink, or no regular file.
    """
    *folders, name = PurePosixPath(path).parts
    with open_folder(project, tuple(folders)) as folder:
        return read_beginning_at(folder, name, limit)


def read_beginning_at(folder: int, name: str, limit: int) -> tuple[bytes, int]:
    """The same for a file of an open folder."""
    descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{name} is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit), status.st_size
    finally:
        os.close(descriptor)
