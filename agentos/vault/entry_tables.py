"""Entries put into the text of a credentials file and taken out; all else stays as it is written.

`CredentialsFile.read` has seen that the text holds entries and nothing else.
Comments and blank lines belong to a person, also those that a parser counts to the entry above.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, AoT, Array, Comment, Item, Whitespace

from agentos.core.config.credential_places import CREDENTIALS_FILE
from agentos.core.errors import ConfigError

_TABLES = "credential"

_HEADING = "# Credentials of agentos: written by `agentos credentials`, or by you.\n"

Entry = Mapping[str, str | int | bool]
"""The keys of a `[[credential]]` table."""


def entry_called(name: str, text: str) -> Entry | None:
    """The entry of that name, None if there is none."""
    return next((table for table in _tables(text) if table.get("name") == name), None)


def names_in(text: str) -> list[str]:
    """The names of all entries."""
    return [name for table in _tables(text) if isinstance(name := table.get("name"), str)]


def with_entry(text: str, entry: Entry) -> str:
    """The text with that entry, in the place of one of the same name if there is one.

    Raises ConfigError for a text that cannot be edited without touching the rest.
    """
    document = _parsed(text or _HEADING)
    wanted = _tables(text)
    place = _place(str(entry["name"]), wanted)
    if place is not None:
        wanted[place] = dict(entry)
        _change(document[_TABLES][place], entry)
    else:
        wanted.append(dict(entry))
        _append(document, entry)
    return _checked(document, wanted)


def without_entry(text: str, name: str) -> str:
    """The text without the entry of that name, which is there. Raises ConfigError as above."""
    document = _parsed(text)
    tables = document[_TABLES]
    wanted = _tables(text)
    place = _place(name, wanted)
    assert place is not None  # noqa: S101 - whoever calls has looked
    del wanted[place]
    if isinstance(tables, AoT):
        _hand_on(document, tables, place)
    del tables[place]
    if not wanted:
        document.remove(_TABLES)
    return _checked(document, wanted)


def _tables(text: str) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = tomllib.loads(text).get(_TABLES, [])
    return tables


def _place(name: str, tables: list[dict[str, Any]]) -> int | None:
    return next((at for at, one in enumerate(tables) if one.get("name") == name), None)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text if text.endswith("\n") else f"{text}\n")
    except (TOMLKitError, ValueError, RecursionError):
        raise _cannot_edit() from None


def _checked(document: tomlkit.TOMLDocument, wanted: list[dict[str, Any]]) -> str:
    """The document's text, once another parser reads from it what it shall say."""
    text = document.as_string()
    try:
        found = _tables(text)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        raise _cannot_edit()
    return text


def _cannot_edit() -> ConfigError:
    return ConfigError(
        f"{CREDENTIALS_FILE} is written in a way that cannot be edited", "edit it by hand"
    )


def _append(document: tomlkit.TOMLDocument, entry: Entry) -> None:
    tables = document.get(_TABLES)
    if isinstance(tables, Array):
        table = tomlkit.inline_table()
        table.update(entry)
        tables.append(table)
        return
    new = tomlkit.table()
    new.update(entry)
    if document.as_string():
        new.trivia.indent = "\n"
    if tables is None:
        document[_TABLES] = tomlkit.aot()
        tables = document[_TABLES]
    tables.append(new)


def _change(table: AbstractTable, entry: Entry) -> None:
    """Give it these keys and no other; new ones come before what stands above the next entry."""
    tail = _cut_tail(table)
    for key in [key for key in table if key not in entry]:
        table.remove(key)
    for key, value in entry.items():
        if key not in table or table[key] != value:
            table[key] = value
    for item in tail:
        table.value.append(None, item)


def _hand_on(document: tomlkit.TOMLDocument, tables: AoT, place: int) -> None:
    """Give what stands below an entry to its neighbour: mostly it is about the next one."""
    tail = _cut_tail(tables[place])
    if place + 1 < len(tables):
        trivia = tables[place + 1].trivia
        trivia.indent = "".join(item.as_string() for item in tail) + trivia.indent
        return
    left = tables[place - 1].value if place else document
    for item in tail:
        left.append(None, item)


def _cut_tail(table: AbstractTable) -> list[Item]:
    """The comments and blank lines at its end, which are taken out of it."""
    body = table.value.body
    tail: list[Item] = []
    while body and body[-1][0] is None and isinstance(body[-1][1], Comment | Whitespace):
        tail.insert(0, body.pop()[1])
    return tail
