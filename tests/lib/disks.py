"""Small disks that a test may fill."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

_SIZE = "size=4m,mode=0700"


def may_mount(folder: Path) -> bool:
    """Whether this process may mount at all: as root, and not in every container."""
    with small_disk(folder / "tried") as mounted:
        return mounted


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of 4 MB at `folder` for the block; gives whether it could be mounted."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", _SIZE, "agentos-tests", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:  # lazily: it is gone from here also while a process has a file of it open
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
