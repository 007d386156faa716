"""How much memory a new process may take: the machine's, or less where a container has a limit.

Control groups as in the kernel's documentation: cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from collections.abc import Iterator
from pathlib import Path

import psutil

_UNLIMITED = 1 << 60
"""Bytes; version 1 tells of no limit by a number near 2^63."""


def available_memory(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be had without swapping, within every control group that we are in."""
    return min([int(psutil.virtual_memory().available), *_left_in_groups(proc, groups)])


def _left_in_groups(proc: Path, groups: Path) -> Iterator[int]:
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            found = _left(groups, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            limit, usage = "memory.limit_in_bytes", "memory.usage_in_bytes"
            found = _left(groups / "memory", path, limit, usage)
        else:
            continue
        yield from found


def _left(root: Path, path: str, limit_name: str, usage_name: str) -> Iterator[int]:
    """What our group has left, and each that it is in: limits of all of them hold.

    Inside of a container the path may be that of the host, where only the root is to be seen.
    """
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    for depth in range(len(parts), -1, -1):
        group = root.joinpath(*parts[:depth])
        limit, usage = _number(group / limit_name), _number(group / usage_name)
        if limit is not None and usage is not None and limit < _UNLIMITED:
            yield max(0, limit - usage + _reclaimable(group))


def _reclaimable(group: Path) -> int:
    """Bytes of files in memory that the kernel gives up before anything is short."""
    fields = dict(line.split(" ", 1) for line in _text(group / "memory.stat").splitlines())
    return int(fields.get("total_inactive_file", fields.get("inactive_file", "0")))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
