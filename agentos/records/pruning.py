"""Old runs are thrown away, so that records do not grow for ever.

Not one that is unfinished, nor one that tells of an item that failed and has not finished since:
where its process was killed, nothing else does.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentos.core.paths import StatePaths
from agentos.records.history import is_closed, last_outcomes, outcomes_of, runs_of

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

    Those stay that are unfinished, or that tell of an item that failed and has not finished since.
    Raises UsageError where no run can be seen.
    """
    runs = [run for run in runs_of(paths) if _RUN_ID.fullmatch(run.name)]
    old = list(_dispensable(paths, runs[: max(0, len(runs) - keep)]))
    failures = dict(filter(None, map(_set_aside, old)))
    failures |= dict(filter(None, map(_delete, _set_aside_by_anybody(paths))))
    ids = tuple(run.name for run in old if run.name not in failures)
    return Pruned(ids, tuple(failures.values()))


def _dispensable(paths: StatePaths, old: Sequence[Path]) -> Iterator[Path]:
    """Those without which every item that failed still has, and no other; `old` comes in order.

    Where a run stays, a later one that has the last word on one of its items does so, too.
    """
    if not old:
        return  # to look at all records takes time, at the start of every batch
    last = last_outcomes(paths)
    failed_in = {outcome.failed_in for outcome in last.values()}
    ended_in = {label: outcome.run_id for label, outcome in last.items()}
    told: set[str] = set()
    for run in old:
        labels = outcomes_of(run).keys()
        has_last_word = any(ended_in.get(label) == run.name for label in labels & told)
        if run.name in failed_in or has_last_word or not is_closed(run):
            told |= labels
        else:
            yield run


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
