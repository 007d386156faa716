"""What lies in the state folder in the place of a file: a pipe, a folder, or junk."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from agentos.core.errors import UsageError
from agentos.core.items import Kind
from agentos.core.paths import StatePaths
from agentos.diagnosis.finding import Finding, fault, warning
from agentos.diagnosis.surroundings import Surroundings
from agentos.records.history import damaged_summary, runs_of

_MOST_TOLD = 5  # of a kind
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def kind_of(path: Path) -> str:
    """What is there instead of a file; empty for a file, for a symlink and for nothing."""
    try:
        return _KINDS.get(stat.S_IFMT(path.lstat().st_mode), "")
    except OSError:
        return ""


def is_followed(state: StatePaths) -> bool:
    """Whether the state, or a part of it, is a symlink: what lies behind it is not the project's.

    The look at the state folder tells.
    """
    folders = (state.root, state.checkpoints, state.runs.parent, state.runs)
    return any(folder.is_symlink() for folder in folders)


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Nothing where all is well; journals and what a batch has cost are looked at elsewhere."""
    state = surroundings.project.state
    needed = (state.lock, state.numbering_lock, state.index_lock)
    damaged = set(_damaged_summaries(state))
    for path in needed:
        if kind := kind_of(path):
            told = f"{surroundings.name(path)} is {kind}, where a run needs a file"
            yield fault("state", told, command=surroundings.set_aside(path))
    told_elsewhere = {*needed, *damaged, *map(state.spending, Kind)}
    others = (path for path in _neither_file_nor_folder(state.root) if path not in told_elsewhere)
    for path in islice((path for path in others if path.parent != state.checkpoints), _MOST_TOLD):
        told = f"{surroundings.name(path)} is {kind_of(path)}, which no run has made"
        yield warning("state", told, command=surroundings.set_aside(path))
    for path in sorted(damaged)[:_MOST_TOLD]:
        yield warning(
            "state",
            f"{surroundings.name(path)} is damaged, so nobody knows how that run ended",
            hint="without it, the next run makes it anew from what the run recorded",
            command=surroundings.set_aside(path),
        )


def _neither_file_nor_folder(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            if kind_of(path := Path(folder, name)):
                yield path


def _damaged_summaries(state: StatePaths) -> Iterator[Path]:
    with suppress(UsageError):  # the look at leftovers tells
        yield from filter(None, map(damaged_summary, runs_of(state)))
