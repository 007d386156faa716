"""Old runs are thrown away, so that records do not grow for ever; an unfinished one never is."""

import re
import shutil

from agentos.core.errors import UsageError
from agentos.core.paths import StatePaths
from agentos.records.history import runs_of, unclosed_runs

_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}")

KEPT = 50
"""Runs that are kept unless somebody asks for another number."""


def prune_runs(paths: StatePaths, keep: int) -> list[str]:
    """Delete the records of all runs but the last `keep`, and give their ids, oldest first.

    Raises UsageError for one that cannot be deleted.
    """
    unfinished = {run.name for run in unclosed_runs(paths)}
    runs = [run for run in runs_of(paths) if _RUN_ID.fullmatch(run.name)]
    old = [run for run in runs[: max(0, len(runs) - keep)] if run.name not in unfinished]
    for run in old:
        try:
            shutil.rmtree(run)
        except OSError as error:
            raise UsageError(f"{run} cannot be deleted: {error.strerror}") from error
    return [run.name for run in old]
