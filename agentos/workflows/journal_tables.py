"""What a journal holds: its tables, and their rows as values."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from agentos.core.calls import Usage
from agentos.core.errors import JournalError
from agentos.workflows.journal_files import DamagedError

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)
"""What a step may hand on. From a journal it comes back as lists and dicts."""

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE identity (
    item TEXT NOT NULL, revision INTEGER NOT NULL, input_hash TEXT NOT NULL,
    models TEXT NOT NULL, created TEXT NOT NULL)""",
    """CREATE TABLE steps (
    seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, output TEXT NOT NULL,
    started TEXT NOT NULL, finished TEXT NOT NULL, seconds REAL NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL)""",
    "CREATE TABLE notes (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class JournalIdentity:
    """What a journal is about: another item, revision or input hash makes it another's.

    `item` is a label, `revision` the workflow's own count of incompatible changes, `models` full
    names.
    """

    item: str
    revision: int
    input_hash: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that returned. `seq` counts from 1; times are ISO 8601 in UTC."""

    seq: int
    name: str
    output: JsonValue
    started: str
    finished: str
    seconds: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class JournalContents:
    """All that was committed; steps by name, in their order."""

    identity: JournalIdentity
    created: str
    steps: dict[str, StepRecord] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and on disk when it is left."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def begin(connection: sqlite3.Connection, identity: JournalIdentity, created: str) -> None:
    """Turn an empty file into a journal without steps."""
    with transaction(connection):
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO identity VALUES (?, ?, ?, ?, ?)",
            (
                identity.item,
                identity.revision,
                identity.input_hash,
                json.dumps(identity.models),
                created,
            ),
        )
        connection.execute(f"PRAGMA user_version={_VERSION}")


def insert_step(connection: sqlite3.Connection, step: StepRecord, output: str) -> None:
    """Commit a step and its checksum; `output` is its JSON."""
    row = (
        step.seq,
        step.name,
        output,
        step.started,
        step.finished,
        step.seconds,
        step.usage.input_tokens,
        step.usage.output_tokens,
    )
    with transaction(connection):
        connection.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO notes VALUES (?, ?)", (_checksum_key(row), _checksum(row)))


def put_note(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Commit a note, in place of an older one with its key."""
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, value))


def put_models(connection: sqlite3.Connection, models: tuple[str, ...]) -> None:
    """Commit that other models go on with the item."""
    with transaction(connection):
        connection.execute("UPDATE identity SET models = ?", (json.dumps(models),))


def load(connection: sqlite3.Connection, path: Path) -> JournalContents | None:
    """All rows, checked; None for an empty file. `path` is for messages.

    Raises DamagedError for what `begin` and its likes cannot have written, JournalError for a
    newer version's journal, and sqlite3.Error.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise JournalError(
            f"The journal {path} was written by a newer agentos (schema {version})",
            "update agentos, or move the journal away to start the item anew",
        )
    for (verdict,) in connection.execute("PRAGMA integrity_check"):
        if verdict != "ok":
            raise DamagedError(path, str(verdict).strip())
    schema = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master") if sql]
    if version == 0 and not schema:
        return None
    if version != _VERSION or sorted(schema) != sorted(_SCHEMA):
        raise DamagedError(path, "its tables are not those of a journal")
    try:
        return _contents(connection)
    except (TypeError, ValueError, RecursionError) as error:
        raise DamagedError(path, str(error)) from error


def _contents(connection: sqlite3.Connection) -> JournalContents:
    identities = list(_rows(connection, "identity", (str, int, str, str, str)))
    if len(identities) != 1:
        raise ValueError(f"{len(identities)} rows of identity")
    item, revision, input_hash, models, created = identities[0]
    identity = JournalIdentity(item, revision, input_hash, tuple(map(str, json.loads(models))))
    contents = JournalContents(identity, created)
    notes = dict(_rows(connection, "notes", (str, str)))
    for row in _rows(connection, "steps", (int, str, str, str, str, float, int, int)):
        seq, name, output, started, finished, seconds, *tokens = row
        if seq != len(contents.steps) + 1:
            raise ValueError(f"step {len(contents.steps) + 1} is missing")
        # None is there for a step that a version without checksums has recorded.
        if notes.pop(_checksum_key(row), None) not in (None, _checksum(row)):
            raise ValueError(f"step {seq} is not as it was recorded")
        contents.steps[name] = StepRecord(
            seq, name, json.loads(output), started, finished, seconds, Usage(*tokens)
        )
    contents.notes.update(notes)
    return contents


def _checksum_key(row: tuple[Any, ...]) -> str:
    return f"sha256 of step {row[0]}"


def _checksum(row: tuple[Any, ...]) -> str:
    """SQLite itself does not see a bit that flips inside a text."""
    return hashlib.sha256(json.dumps(row).encode("ascii")).hexdigest()


def _rows(
    connection: sqlite3.Connection, table: str, types: tuple[type, ...]
) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):  # noqa: S608 - ours
        if tuple(map(type, row)) != types:
            raise ValueError(f"a row of {table} has values of other types")
        yield row
