"""The durable steps of one item: done once, recorded, never repeated.

One SQLite file an item, one transaction a step, on disk before the next step begins. A process
that is killed loses nothing that `record` returned for.
"""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import add
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from agentos.core.calls import Usage
from agentos.core.clock import Now, timestamp, utc_now
from agentos.core.errors import AgentosError
from agentos.core.paths import confined
from agentos.workflows.journal_files import (
    DamagedError,
    check_sizes,
    claim,
    connect,
    copied,
    delete_journal,
    explained,
    fold,
    is_empty,
    move_aside,
)
from agentos.workflows.journal_tables import (
    JournalContents,
    JournalIdentity,
    JsonValue,
    StepRecord,
    begin,
    insert_step,
    load,
    put_models,
    put_note,
)

__all__ = [
    "Journal",
    "JournalIdentity",
    "JournalSnapshot",
    "JsonValue",
    "StepRecord",
    "delete_journal",
    "read_journal",
]


class Journal:
    """An open journal, held by this process alone. Threads may take turns, not overlap.

    `notices` are sentences about what was found on opening: a journal set aside or empty, or other
    models.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        contents: JournalContents,
        *,
        notices: tuple[str, ...],
        now: Now,
    ) -> None:
        self.path = path
        self.identity = contents.identity
        self.notices = notices
        self._connection = connection
        self._steps = contents.steps
        self._notes = contents.notes
        self._now = now

    @classmethod
    def open(cls, path: Path, identity: JournalIdentity, *, now: Now = utc_now) -> Self:
        """Continue the journal at `path`, or begin one.

        What is damaged or about something else is moved to the folder `aside`, and a new one
        begun. Raises LockedError at once while another process has it open, and JournalError where
        it cannot be read or written or is a newer version's.
        """
        with explained(path):
            confined(path, path.parent)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            notices: list[str] = []
            was_empty = is_empty(path)
            connection = connect(path)
            try:
                found = _examine(connection, path, identity)
                if isinstance(found, _Unusable):
                    aside = move_aside(path, found.slug, now())
                    connection.close()
                    notices.append(
                        f"{identity.item} starts anew: {found.why}; "
                        f"its old journal is kept as {aside}"
                    )
                    connection = connect(path)
                    claim(connection)
                    found = None
                elif found is None and was_empty:
                    notices.append(f"{identity.item} starts anew: its journal is empty")
                if found is None:
                    found = JournalContents(identity, timestamp(now()))
                    begin(connection, found.identity, found.created)
                elif found.identity != identity:
                    put_models(connection, identity.models)
                    notices.append(
                        f"{identity.item} goes on with {_names(identity.models)}; "
                        f"before, it was worked on with {_names(found.identity.models)}"
                    )
                    found = JournalContents(identity, found.created, found.steps, found.notes)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, found, notices=tuple(notices), now=now)

    def find(self, name: str) -> StepRecord | None:
        """The step of this name, if it has been recorded."""
        return self._steps.get(name)

    def steps(self) -> tuple[StepRecord, ...]:
        """All recorded steps, in their order."""
        return tuple(self._steps.values())

    @property
    def total_usage(self) -> Usage:
        """Tokens of all recorded steps together."""
        return reduce(add, (step.usage for step in self._steps.values()), Usage())

    @property
    def notes(self) -> Mapping[str, str]:
        """All notes by their keys."""
        return MappingProxyType(self._notes)

    def record(
        self,
        name: str,
        output: JsonValue,
        *,
        started: datetime,
        seconds: float,
        usage: Usage = Usage(),  # noqa: B008 - frozen
    ) -> StepRecord:
        """Put a finished step on disk before returning it, as a later run will find it.

        Raises ValueError for a name recorded before, ValueError or TypeError for an output that
        JSON has no form for, JournalError where it cannot be written.
        """
        if name in self._steps:
            raise ValueError(f"step {name!r} has been recorded before")
        text = json.dumps(output, allow_nan=False)
        step = StepRecord(
            seq=len(self._steps) + 1,
            name=name,
            output=json.loads(text),
            started=timestamp(started),
            finished=timestamp(self._now()),
            seconds=float(seconds),
            usage=usage,
        )
        with explained(self.path):
            insert_step(self._connection, step, text)
        self._steps[name] = step
        return step

    def note(self, key: str, value: str) -> None:
        """Put a note on disk, in place of an older one with its key; raises JournalError."""
        with explained(self.path):
            put_note(self._connection, key, value)
        self._notes[key] = value

    def close(self) -> None:
        """Bring everything into the one database file and let go of it; harmless to repeat."""
        with explained(self.path):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class JournalSnapshot:
    """A journal as another process saw it: `steps` are names in their order.

    `problem` is a sentence where it could not be read, `hint` what to do about it; steps and notes
    are empty then. A run moves one that `is_damaged` away, and fails on others.
    """

    identity: JournalIdentity | None = None
    steps: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    hint: str = ""
    is_damaged: bool = False


def read_journal(path: Path) -> JournalSnapshot | None:
    """What the journal at `path` holds, read from a copy; None where there is none.

    Changes nothing at `path` or beside it, whether or not a process has it open. Not for the
    process that does: closing the file by any other way gives up SQLite's lock.
    """
    if not os.path.lexists(path):
        return None
    if path.is_symlink():
        return JournalSnapshot(problem=f"The journal {path} is a symlink")
    try:
        with explained(path), copied(path) as copy:
            if not copy.exists():
                return None
            check_sizes(copy)
            with closing(connect(copy)) as connection:
                contents = load(connection, path)
    except AgentosError as error:
        is_damaged = isinstance(error, DamagedError)
        return JournalSnapshot(problem=str(error), hint=error.hint, is_damaged=is_damaged)
    if contents is None:
        return None
    return JournalSnapshot(contents.identity, tuple(contents.steps), contents.notes)


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Why a journal cannot be continued: as part of a file name, and for people."""

    slug: str
    why: str


def _examine(
    connection: sqlite3.Connection, path: Path, identity: JournalIdentity
) -> JournalContents | _Unusable | None:
    """Lock the journal and look into it; None for a new one."""
    try:
        with explained(path):
            check_sizes(path)
            claim(connection)
    except DamagedError as damage:
        return _damaged(damage)
    found = _judged(connection, path, identity)
    if isinstance(found, _Unusable):
        with suppress(sqlite3.DatabaseError):  # it goes aside with its log then
            fold(connection)
    return found


def _judged(
    connection: sqlite3.Connection, path: Path, identity: JournalIdentity
) -> JournalContents | _Unusable | None:
    try:
        with explained(path):
            contents = load(connection, path)
    except DamagedError as damage:
        return _damaged(damage)
    if contents is None:
        return None
    found = contents.identity
    if found.item != identity.item:
        return _Unusable("item", f"its journal is one of {found.item}")
    if found.revision != identity.revision:
        return _Unusable("revision", "another revision of the workflow began it")
    if found.input_hash != identity.input_hash:
        return _Unusable("input", "its input has changed since it was begun")
    return contents


def _damaged(damage: DamagedError) -> _Unusable:
    return _Unusable("damaged", f"its journal is damaged ({damage.what})")


def _names(models: tuple[str, ...]) -> str:
    return ", ".join(models) or "no model"
