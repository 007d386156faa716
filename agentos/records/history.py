"""What earlier runs left behind: read without writing, and closed where a run was killed."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from agentos.core.errors import UsageError
from agentos.core.events import CallAbandoned, CallEnded, CallStarted, Event, decode
from agentos.core.files import read_regular
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.core.shortage import DISK_FULL
from agentos.records.files import write_json
from agentos.records.run_folder import EVENTS_FILE, RUN_FILE, SUMMARY_FILE, append_event
from agentos.records.run_summary import RunSummary

_LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of an event that is believed: a file that somebody blew up must not fill the memory."""


class ChildRecord(NamedTuple):
    """A child as run.json names it."""

    label: str
    pid: int


class SupervisorRecord(NamedTuple):
    """The process that a run is of; `start` as `process_start` told it."""

    pid: int
    start: str


@dataclass(frozen=True, slots=True)
class LastOutcome:
    """How an item ended when it last ran; `finished` is empty if it was cut off.

    `error` is text from outside: escape it before it reaches a screen. `failed_in` is the id of the
    run in which it last failed, empty where it did not or has finished since.
    """

    outcome: Outcome
    error: str
    finished: str
    run_id: str
    failed_in: str = ""

    def after(self, earlier: "LastOutcome | None") -> "LastOutcome":
        """With what is known of earlier runs: an interruption settles no failure."""
        if self.outcome is Outcome.FAILED:
            return replace(self, failed_in=self.run_id)
        if earlier and not self.outcome.is_finished:
            return replace(self, failed_in=earlier.failed_in)
        return self


def unclosed_runs(paths: StatePaths) -> tuple[Path, ...]:
    """The folders of runs without a summary, oldest first; raises UsageError."""
    return tuple(run for run in runs_of(paths) if not is_closed(run))


def is_closed(run: Path) -> bool:
    """Whether the run has a summary; False, too, where nobody may look."""
    return os.path.lexists(run / SUMMARY_FILE)


def close_unclosed(run: Path, *, closed_by: str) -> None:
    """Write the summary of a run that was killed; `closed_by` is the run that does so.

    What has no end among its events is `interrupted`, a call without one abandoned. Raises
    UsageError.
    """
    try:
        last = _last_time(run)  # not of what is added here
        for call in _cut_off_calls(run):
            with suppress(ValueError):  # who tampered with the record named what is no item
                append_event(run, call, last)
        summary, finished = _replayed(run)
        write_json(run / SUMMARY_FILE, summary.as_json(finished, closed_by=closed_by), durable=True)
    except OSError as error:
        raise UsageError(
            f"{run} cannot be written: {error.strerror}",
            "free some space"
            if error.errno in DISK_FULL
            else "it is a killed run's record: move it away",
        ) from error


def damaged_summary(run: Path) -> Path | None:
    """The run's summary if it has one that cannot be read."""
    path = run / SUMMARY_FILE
    return path if is_closed(run) and not _read_json(path) else None


def children(run: Path) -> tuple[ChildRecord, ...]:
    """The children that a run had started; those of an unreadable run.json are unknown."""
    entries = _object(_read_json(run / RUN_FILE).get("children"))
    found = ((label, _pid(_object(entry))) for label, entry in entries.items())
    return tuple(ChildRecord(label, pid) for label, pid in found if pid is not None)


def supervisor(run: Path) -> SupervisorRecord | None:
    """The process that the run is of; None where run.json does not say it."""
    entry = _object(_read_json(run / RUN_FILE).get("supervisor"))
    pid, start = _pid(entry), entry.get("start")
    return SupervisorRecord(pid, start) if pid is not None and isinstance(start, str) else None


def last_outcomes(paths: StatePaths) -> Mapping[str, LastOutcome]:
    """By label, from the newest run that worked on the item; corrupt folders are passed over."""
    latest: dict[str, LastOutcome] = {}
    for run in runs_of(paths):
        for label, outcome in outcomes_of(run).items():
            latest[label] = outcome.after(latest.get(label))
    return latest


def outcomes_of(run: Path) -> Mapping[str, LastOutcome]:
    """By label, for every item that this run worked on; nothing of earlier runs."""
    entries = ((label, _object(entry)) for label, entry in _items(run).items())
    found = ((label, _last_outcome(entry, run.name)) for label, entry in entries)
    return {label: outcome for label, outcome in found if outcome}


def runs_of(paths: StatePaths) -> list[Path]:
    """The folders of all runs, oldest first; raises UsageError.

    Folders only: a symlink of a cloned project may lead anywhere. One whose name begins with a dot
    is no run any more, but about to be deleted.
    """
    try:
        found = [
            path
            for path in paths.runs.iterdir()
            if not path.name.startswith(".") and stat.S_ISDIR(path.lstat().st_mode)
        ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from error
    # The id tells the second, `started` the order within it.
    return sorted(found, key=lambda run: (run.name[:16], _started(run), run.name))


def recorded_events(run: Path) -> Iterator[Event]:
    """Every event that the run recorded, as far as it can be read."""
    return (event for _, event in _events(run / EVENTS_FILE))


def _pid(entry: Mapping[str, object]) -> int | None:
    pid = entry.get("pid")
    return pid if isinstance(pid, int) and pid > 0 else None


def _items(run: Path) -> Mapping[str, object]:
    if is_closed(run):
        return _object(_read_json(run / SUMMARY_FILE).get("items"))
    summary, finished = _replayed(run)
    return _object(summary.as_json(finished)["items"])


def _last_outcome(entry: Mapping[str, object], run_id: str) -> LastOutcome | None:
    """None for a skipped item too, whose last outcome is that of an earlier run."""
    try:
        outcome = Outcome(str(entry.get("outcome")))
    except ValueError:
        return None
    if outcome is Outcome.SKIPPED:
        return None
    return LastOutcome(
        outcome, str(entry.get("error") or ""), str(entry.get("finished") or ""), run_id
    )


def _cut_off_calls(run: Path) -> list[CallAbandoned]:
    """The ends of calls that were in flight when the run was killed."""
    started: dict[tuple[str, str], CallStarted] = {}
    for event in recorded_events(run):
        match event:
            case CallStarted(item=label, call=call):
                started[label, call] = event
            case CallEnded(item=label, call=call) | CallAbandoned(item=label, call=call):
                started.pop((label, call), None)
    return [event.abandoned("the run was killed") for event in started.values()]


def _last_time(run: Path) -> str:
    return max((time for time, _ in _events(run / EVENTS_FILE)), default=_started(run))


def _replayed(run: Path) -> tuple[RunSummary, str]:
    """The summary of what the run recorded, and the time of its last event."""
    started = last = _started(run)
    summary = RunSummary(run.name, started)
    for time, event in _events(run / EVENTS_FILE):
        summary.add(event, time)
        last = time
    return summary, last


def _events(path: Path) -> Iterator[tuple[str, Event]]:
    """Every line that is whole; the last may be torn."""
    for line in _lines(path):
        try:
            data = json.loads(line)
            event = decode(data)
        except (ValueError, AttributeError, RecursionError):
            continue
        yield str(data.get("time", "")), event


def _started(run: Path) -> str:
    return str(_read_json(run / RUN_FILE).get("started") or "")


def _read_json(path: Path) -> Mapping[str, object]:
    """Nothing where there is no readable regular file: the name may belong to a pipe."""
    try:
        return {} if path.is_symlink() else _object(json.loads(read_regular(path)))
    except (OSError, ValueError, RecursionError):
        return {}


def _lines(path: Path) -> Iterator[bytes]:
    """Those of a readable regular file, one at a time, up to one that is too long."""
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            with path.open("rb") as file:
                while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
                    yield line
                yield line  # if it is an event all the same, its end of line alone is missing
    except OSError:
        return


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
