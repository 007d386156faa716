"""Files of the record: whole or not at all, for the owner only."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from agentos.core.files import replace_file

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def json_line(data: Mapping[str, object]) -> bytes:
    """One line of ASCII, so that nothing from outside can break it or reach a terminal raw."""
    return json.dumps(data).encode("ascii") + b"\n"


def open_for_append(path: Path) -> BinaryIO:
    """A private file without a buffer, so that what is written outlives the process.

    Made where it is missing; a symlink is not followed. Raises OSError.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, FILE_MODE), "ab", buffering=0)


def append_line(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Add one line by a file's only writer, or none of it: a full disk leaves no torn line.

    A last line that a power cut has torn is ended first. `durable` waits until the disk has it.
    Raises OSError.
    """
    with open_for_append(path) as file:
        end = os.fstat(file.fileno()).st_size
        is_torn = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
        try:
            _write_all(file.fileno(), b"\n" + line if is_torn else line)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), end)
            raise
        if durable:
            os.fsync(file.fileno())


def write_json(path: Path, data: Mapping[str, object], *, durable: bool = False) -> None:
    """Replace a file as a whole, through a temporary one beside it. Raises OSError."""
    text = json.dumps(data, indent=2, default=str) + "\n"
    replace_file(path, text.encode("ascii"), mode=FILE_MODE, durable=durable)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
