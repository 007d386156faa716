"""Old runs are thrown away, so that records do not grow for ever; an unfinished one never is."""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentos.core.paths import StatePaths
from agentos.records.history import is_closed, runs_of

_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}")

_BEING_DELETED = ".pruned-"
"""Before the id of a run, so that one which is deleted in part is no run that was cut off."""

KEPT = 50
"""Runs that are kept unless somebody asks for another number."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The ids of runs that were deleted, oldest first, and a sentence for each that could not be.

    The sentences are without a full stop.
    """

    ids: tuple[str, ...]
    failures: tuple[str, ...]


def prune_runs(paths: StatePaths, keep: int) -> Pruned:
    """Delete the records of all runs but the last `keep`, and what is left of earlier deletions.

    Raises UsageError where no run can be seen.
    """
    runs = [run for run in runs_of(paths) if _RUN_ID.fullmatch(run.name)]
    old = [run for run in runs[: max(0, len(runs) - keep)] if is_closed(run)]
    failures = dict(filter(None, map(_set_aside, old)))
    failures |= dict(filter(None, map(_delete, _set_aside_by_anybody(paths))))
    ids = tuple(run.name for run in old if run.name not in failures)
    return Pruned(ids, tuple(failures.values()))


def _set_aside(run: Path) -> tuple[str, str] | None:
    """Its id and why it cannot be; None if all is well."""
    try:
        with suppress(FileNotFoundError):  # another command deletes it
            run.rename(run.with_name(_BEING_DELETED + run.name))
    except OSError as error:
        return run.name, f"{run} cannot be deleted: {error.strerror}"
    return None


def _set_aside_by_anybody(paths: StatePaths) -> Iterator[Path]:
    for path in sorted(paths.runs.glob(f"{_BEING_DELETED}*")):
        if _RUN_ID.fullmatch(_id_of(path)) and not path.is_symlink():
            yield path


def _delete(path: Path) -> tuple[str, str] | None:
    try:
        with suppress(FileNotFoundError):
            shutil.rmtree(path)
    except OSError as error:
        return _id_of(path), f"{path} cannot be deleted: {error.strerror}"
    return None


def _id_of(path: Path) -> str:
    return path.name.removeprefix(_BEING_DELETED)
