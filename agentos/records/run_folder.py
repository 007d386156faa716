"""The folder of the run in progress: written event by event, closed at the end."""

import os
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agentos.core import events
from agentos.core.clock import Now, timestamp
from agentos.core.errors import ItemError, UsageError
from agentos.core.events import Event
from agentos.core.files import replace_file, sync_folder
from agentos.core.paths import StatePaths
from agentos.core.prices import PriceTable
from agentos.records.files import (
    FILE_MODE,
    FOLDER_MODE,
    append_line,
    json_line,
    open_for_append,
    write_json,
)
from agentos.records.process_start import process_start
from agentos.records.run_summary import RunSummary

RUN_FILE = "run.json"
EVENTS_FILE = "events.ndjson"
SUMMARY_FILE = "summary.json"

_DURABLE = (events.RunStarted, events.ItemFinished, events.RunFinished)
_AUDITED = (
    events.StepStarted,
    events.StepFinished,
    events.StepRestored,
    events.LeaseGranted,
    events.CallStarted,
    events.CallFinished,
    events.CallRefused,
    events.CallAbandoned,
    events.Decided,
    events.Reported,
    events.AttemptFailed,
    events.ItemFinished,
)
_LABEL = re.compile(r"(?P<kind>LLD|ISSUE)-(?P<id>[A-Za-z0-9][A-Za-z0-9._-]*)")


def new_run_id(now: datetime, random: Callable[[int], str] = secrets.token_hex) -> str:
    """UTC time and a short random part, such as `20261123T181500Z-3fa9`.

    `random` gives that many bytes in hex.
    """
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{random(2)}"


class RunFolder:
    """One run's record; every method may be called from any thread.

    A write that fails does not raise, as it may come from a thread that has a child to watch:
    `on_error` is called once with the first failure, and what follows is still tried.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Now,
        settings: Mapping[str, object],
        on_error: Callable[[OSError], None],
        prices: PriceTable,
    ) -> None:
        started = timestamp(now())
        self.path = path
        self._now = now
        self._on_error = on_error
        self._has_failed = False
        self._lock = threading.Lock()
        self._summary = RunSummary(path.name, started, prices)
        self._children: dict[str, dict[str, object]] = {}
        self._run: dict[str, object] = {
            "run_id": path.name,
            "started": started,
            "supervisor": {"pid": os.getpid(), "start": process_start(os.getpid())},
            "settings": dict(settings),
            "children": self._children,
        }

    @classmethod
    def create(
        cls,
        paths: StatePaths,
        *,
        run_id: str,
        now: Now,
        settings: Mapping[str, object],
        on_error: Callable[[OSError], None],
        prices: PriceTable = PriceTable(),  # noqa: B008 - frozen
    ) -> "RunFolder":
        """Begin a record in a state folder that is prepared; raises UsageError."""
        folder = cls(
            paths.runs / run_id, now=now, settings=settings, on_error=on_error, prices=prices
        )
        try:
            folder.path.mkdir(mode=FOLDER_MODE)
            write_json(folder.path / RUN_FILE, folder._run)
            replace_file(folder.path / EVENTS_FILE, b"", mode=FILE_MODE)
            sync_folder(paths.runs)
        except OSError as error:
            raise UsageError(f"{folder.path} cannot be written: {error.strerror}") from error
        return folder

    def add_child(self, label: str, pid: int) -> None:
        """Name a started child, so that the next run can find it if this one is killed."""
        with self._lock:
            self._children[label] = {"pid": pid}
            # Not synced: children do not outlive a machine that loses its files.
            error = _failure(lambda: write_json(self.path / RUN_FILE, self._run))
        self._report(error)

    def record(self, event: Event) -> None:
        """Subscriber: one line of events.ndjson, on disk before a finished item is let go."""
        with self._lock:
            time = timestamp(self._now())
            self._summary.add(event, time)
            durable = isinstance(event, _DURABLE)
            path = self.path / EVENTS_FILE
            error = _failure(lambda: _append(path, event, time, durable=durable))
        self._report(error)

    def audit(self, event: Event) -> None:
        """Subscriber: what an item's workflow decided, in a file of the item's own."""
        if not isinstance(event, _AUDITED):
            return
        with self._lock:
            time = timestamp(self._now())
            error = _failure(lambda: _append(_audit_of(self.path, event), event, time))
        self._report(error)

    def log_path(self, label: str) -> Path:
        """Where the output of an item's child goes."""
        return self.path / f"{label_parts(label)[0]}.log"

    def open_log(self, label: str) -> BinaryIO:
        """The item's log, for its relay to write to and to close; raises ItemError."""
        path = self.log_path(label)
        try:
            return open_for_append(path)
        except OSError as error:
            self._report(error)
            raise ItemError(f"{path} cannot be written: {error.strerror}") from error

    def close(self, exit_code: int) -> None:
        """Write summary.json; a run that cannot is closed by the next one."""
        with self._lock:
            summary = self._summary.as_json(timestamp(self._now()), exit_code=exit_code)
            error = _failure(lambda: write_json(self.path / SUMMARY_FILE, summary, durable=True))
        self._report(error)

    def _report(self, error: OSError | None) -> None:
        """Outside of the lock: who is told may publish an event of it."""
        if error is None:
            return
        with self._lock:
            is_first, self._has_failed = not self._has_failed, True
        if is_first:
            self._on_error(error)


def append_event(run: Path, event: Event, time: str) -> None:
    """Add an event to the record of a run that was killed.

    Raises OSError, and ValueError for one that is about no item.
    """
    audit = _audit_of(run, event)
    _append(run / EVENTS_FILE, event, time)
    _append(audit, event, time)


def _append(path: Path, event: Event, time: str, *, durable: bool = False) -> None:
    append_line(path, json_line({"time": time} | events.encode(event)), durable=durable)


def _audit_of(run: Path, event: Event) -> Path:
    return run / f"workflow-audit-{label_parts(event.item)['id']}.jsonl"


def _failure(write: Callable[[], None]) -> OSError | None:
    try:
        write()
    except OSError as error:
        return error
    return None


def label_parts(label: str) -> re.Match[str]:
    """A label's `kind` and `id`; raises ValueError for one that would lead out of the folder."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(f"not the label of an item: {label!r}")
    return match
