"""Room on the disks that a run writes to."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentos.diagnosis.finding import Finding, fault, ok, warning
from agentos.diagnosis.surroundings import Surroundings, nearest_existing

_SUBJECT = "disk"
_GB = 10**9
_MB = 10**6
_HINT = "free some space, or name another folder"


@dataclass(frozen=True, slots=True)
class Least:
    """What has to be free: bytes, and names (inodes) for files."""

    bytes_for_a_warning: int = 1 * _GB
    bytes_for_a_fault: int = 50 * _MB
    names_for_a_warning: int = 10_000
    names_for_a_fault: int = 500


@dataclass(frozen=True, slots=True)
class Room:
    """What is free for this user; `names` is None on a file system that does not count them."""

    bytes: int
    names: int | None


def check(surroundings: Surroundings, least: Least = Least()) -> Iterator[Finding]:
    """A line for each file system: that of the project, of the state, of temporary files."""
    places = {
        "the project": surroundings.project.root,
        "the state": surroundings.project.state.root,
    }
    with suppress(FileNotFoundError):  # the look at the sockets tells
        places["temporary files"] = _temporary(surroundings.environ)
    by_device: dict[int, list[str]] = {}
    folders: dict[int, Path] = {}
    for what, path in places.items():
        folder = nearest_existing(path)
        device = folder.stat().st_dev
        by_device.setdefault(device, []).append(what)
        folders.setdefault(device, folder)
    for device, names in by_device.items():
        folder = folders[device]
        room = _room(folder)
        yield judged(_listed(names), room, least, command=f"df -h {surroundings.word(folder)}")


def judged(what: str, room: Room, least: Least, command: str) -> Finding:
    """Whether the room will do for it."""
    for free, unit, for_a_fault, for_a_warning in (
        (room.bytes, _size(room.bytes), least.bytes_for_a_fault, least.bytes_for_a_warning),
        (room.names, f"{room.names} inodes", least.names_for_a_fault, least.names_for_a_warning),
    ):
        if free is not None and free < for_a_warning:
            tell = fault if free < for_a_fault else warning
            return tell(_SUBJECT, f"only {unit} left for {what}", hint=_HINT, command=command)
    return ok(_SUBJECT, f"{_size(room.bytes)} free for {what}")


def _room(folder: Path) -> Room:
    status = os.statvfs(folder)
    names = status.f_favail if status.f_files else None
    return Room(status.f_bavail * status.f_frsize, names)


def _temporary(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("TMPDIR") or tempfile.gettempdir())


def _size(number: int) -> str:
    return f"{number / _GB:,.1f} GB" if number >= _GB else f"{number / _MB:,.0f} MB"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
