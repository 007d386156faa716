"""The files that an issue says it is about."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from agentos.documents.markdown import Block, Code, ListItem, Table
from agentos.documents.mentions import is_path, normal_path


class FileAction(StrEnum):
    """What is to happen to a file."""

    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A path as the issue wrote it; `stated` is None where it does not say what happens to it."""

    path: str
    note: str = ""
    stated: FileAction | None = None


_WORDS = {
    FileAction.CREATE: "new|create[ds]?",
    FileAction.MODIFY: "modif(?:y|ies|ied)|edit(?:ed)?|existing",
    FileAction.DELETE: "deleted?|removed?",
}
# "(new)" anywhere, or "new" at the beginning and by itself: "new function" says nothing of the file
_STATEMENTS = {
    action: re.compile(rf"\((?:{words})\)|^(?:{words})\s*(?:[:;,\u2013\u2014-]|$)", re.IGNORECASE)
    for action, words in _WORDS.items()
}
_HEADINGS = {
    action: re.compile(rf"(?:files to )?(?:{words})(?: files)?\W*", re.IGNORECASE)
    for action, words in _WORDS.items()
}
_PATH = re.compile(r"`(?P<quoted>[^`]+)`|(?P<bare>[\w.~@+/\\-]+)")
_NEXT_PATH = re.compile(r"\s*(?:,|;|&|\+|and)\s*(?=`)")


def named_files(entries: Iterable[tuple[str, Block]]) -> tuple[NamedFile, ...]:
    """The files of a section, each once, from its blocks and the headings they stand under."""
    found: dict[str, NamedFile] = {}
    last: NamedFile | None = None
    for heading, block in entries:
        default = next((a for a, words in _HEADINGS.items() if words.fullmatch(heading)), None)
        files = list(_files_of(block, default))
        if not files and last and isinstance(block, ListItem) and block.depth:
            note = f"{last.note}; {block.text}" if last.note else block.text
            files = [replace(last, note=note)]
            del found[last.path]
        for file in files:
            last = found.setdefault(file.path, file)
    return tuple(found.values())


def _files_of(block: Block, default: FileAction | None) -> Iterator[NamedFile]:
    if isinstance(block, Code):
        lines = block.text.split("\n")
    elif isinstance(block, Table):
        lines = [f"{row[0]}: {'; '.join(filter(None, row[1:]))}" for row in block.rows]
    else:
        lines = [block.text]
    for line in lines:
        paths, rest = _split(line)
        note, stated = _stated(rest)
        for path in paths:
            yield NamedFile(path, note, stated or default)


def _split(line: str) -> tuple[list[str], str]:
    """The paths that a line is about, and what else it says."""
    matches = [match for match in _PATH.finditer(line) if is_path(_path(match))]
    if not matches:
        return [], line
    first = next((match for match in matches if match["quoted"]), matches[0])
    paths, end = [_path(first)], first.end()
    for match in matches:
        joint = _NEXT_PATH.match(line, end)
        if joint and joint.end() == match.start():
            paths.append(_path(match))
            end = match.end()
    before, after = line[: first.start()].rstrip(" *_:"), line[end:].lstrip(" *_")
    return paths, f"{before} {after}"


def _path(match: re.Match[str]) -> str:
    return normal_path(match["quoted"] or match["bare"].rstrip("."))


def _stated(rest: str) -> tuple[str, FileAction | None]:
    """A note without the word that says what happens to the file, and that word's meaning."""
    note = _tidy(rest)
    for action, statement in _STATEMENTS.items():
        if statement.search(note):
            return _tidy(statement.sub("", note, count=1)), action
    modifies = re.match(r"modif(?:y|ies)\b", note, re.IGNORECASE)
    return note, FileAction.MODIFY if modifies else None


def _tidy(note: str) -> str:
    return note.strip(" \t:;,\N{EN DASH}\N{EM DASH}-")
