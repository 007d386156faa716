"""The index of finished items, `docs/lld/lld-status.json`: one JSON object, people may read it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agentos.core.errors import BacklogError, UnsafePathError
from agentos.core.files import read_regular
from agentos.core.outcomes import Outcome
from agentos.core.paths import INDEX, confined
from agentos.documents.status import status_of
from agentos.publishing.documents import merged_path
from agentos.publishing.files import write_atomic
from agentos.publishing.locks import LOCK_TIMEOUT, held

_SCHEMA = 1
_TEXTS = ("input_hash", "document", "document_hash", "finished")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """How an item ended. Hashes are SHA-256 in hex, `document` is a path inside the project.

    `run_id` is None for an item done in the foreground, `finished` ISO 8601 in UTC. `source` is the
    name of the input's file, empty in an entry of before it was kept.
    """

    outcome: Outcome
    input_hash: str
    document: str
    document_hash: str
    run_id: str | None
    finished: str
    source: str = ""


def index_path(project: Path) -> Path:
    """Where the index lies."""
    return project / INDEX


def read_index(project: Path) -> Mapping[str, IndexEntry]:
    """All entries by item label; none where there is no index yet.

    Raises BacklogError for one that cannot be understood, UnsafePathError for a symlink.
    """
    return _parsed(_load(project), index_path(project))


def as_it_stands(project: Path, entry: IndexEntry) -> IndexEntry | None:
    """The entry with the document that is there now, and the status that stands in it.

    The document is the entry's own or the one that it was merged into, `NAME.md`; None where
    neither is there. A person may have changed its status; the entry's holds where none can be
    read. A path that leads out of the project, or cannot be looked at, names no document.
    """
    named = project / entry.document
    try:
        there = [path for path in (named, merged_path(named)) if confined(path, project).is_file()]
    except (UnsafePathError, OSError, ValueError):  # such as a name that no file can have
        return None
    if not there:
        return None
    document = str(there[0].relative_to(project))
    return replace(entry, document=document, outcome=_status(there[0]) or entry.outcome)


def _status(document: Path) -> Outcome | None:
    try:
        return status_of(read_regular(document).decode("utf-8-sig"))
    except (OSError, ValueError):
        return None


def enter(
    project: Path, lock_path: Path, label: str, entry: IndexEntry, *, timeout: float = LOCK_TIMEOUT
) -> None:
    """Put the entry of one item into the index, on disk when this returns; harmless to repeat.

    Keeps what it does not know. Raises LockedError, BacklogError, UnsafePathError, ItemError;
    the index is then as it was.
    """
    path = index_path(project)
    with held(lock_path, timeout):
        data = _load(project)
        _parsed(data, path)
        items = data.get("items", {})
        items[label] = items.get(label, {}) | asdict(entry)
        data = data | {"schema": _SCHEMA, "items": items}
        text = json.dumps(data, indent=2, sort_keys=True) + "\n"
        write_atomic(path, text.encode("ascii"), root=project)


def _load(project: Path) -> dict[str, Any]:
    path = confined(index_path(project), project)
    try:
        data = json.loads(read_regular(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, f"it is no JSON ({error})") from error
    if not isinstance(data, dict):
        raise _unusable(path, "it is no JSON object")
    return data


def _parsed(data: Mapping[str, Any], path: Path) -> dict[str, IndexEntry]:
    if data.get("schema", _SCHEMA) != _SCHEMA:
        raise _unusable(path, f"its schema is {data['schema']!r}, this agentos knows {_SCHEMA}")
    items = data.get("items", {})
    if not isinstance(items, dict):
        raise _unusable(path, "its items are no JSON object")
    entries = {}
    for label, fields in items.items():
        try:
            entries[label] = _entry(fields)
        except (TypeError, ValueError) as error:
            raise _unusable(path, f"{label}: {error}") from error
    return entries


def _entry(fields: object) -> IndexEntry:
    if not isinstance(fields, dict):
        raise TypeError("not a JSON object")
    texts: dict[str, str] = {}
    for name in _TEXTS:
        value = fields.get(name)
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r}")
        texts[name] = value
    run_id = fields.get("run_id")
    return IndexEntry(
        outcome=Outcome(str(fields.get("outcome"))),
        run_id=None if run_id is None else str(run_id),
        source=str(fields.get("source", "")),
        **texts,
    )


def _unusable(path: Path, why: str) -> BacklogError:
    return BacklogError(
        f"The index {path} cannot be used: {why}",
        "restore it from version control, or move it away: all items then count as unfinished",
    )
