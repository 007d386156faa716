"""Folders in a place that others use, too, which processes of ours left there when they died."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil


def left_folders(base: Path, prefix: str) -> Iterator[Path]:
    """Those named by the prefix, a process that is no more, and what `tempfile` adds; of ours only.

    A container that shares the place has numbers of its own for processes, so the caller must know
    by something else, too, that a folder is not in use.
    """
    name = re.compile(rf"{re.escape(prefix)}(?P<pid>[0-9]{{1,9}})-[A-Za-z0-9_]{{8}}")
    with suppress(OSError):
        for entry in base.iterdir():
            match = name.fullmatch(entry.name)
            if match and not psutil.pid_exists(int(match["pid"])) and _is_ours(entry):
                yield entry


def _is_ours(entry: Path) -> bool:
    status = entry.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
