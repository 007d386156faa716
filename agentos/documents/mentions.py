"""Paths and other code spans that a text mentions."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from agentos.documents.writing import one_line

_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_TOKEN = re.compile(r"[\w.~@+/\\-]+")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}")
_HIDDEN = re.compile(r"\.[A-Za-z][\w.-]*")
_PLAIN_NAMES = {"Dockerfile", "Justfile", "LICENSE", "Makefile", "Procfile"}
_FILE_NAME = re.compile(
    r".+\.(c|cc|cfg|conf|cpp|cs|css|csv|ex|go|h|hpp|html|ini|java|js|json|jsx|kt|lock|lua|md|php|pl"
    r"|proto|ps1|pyi?|r|rb|rs|rst|scala|sh|sql|svg|swift|tf|toml|tsx?|txt|vue|xml|ya?ml)",
    re.IGNORECASE,
)

_MAX_PATH = 300  # characters


def code_spans(text: str) -> tuple[str, ...]:
    """Inline code, each span on one line, in its order; spans end with their paragraph."""
    spans = (match[2] for match in _SPAN.finditer(text))
    return tuple(one_line(span) for span in spans if "\n\n" not in span)


def normal_path(text: str) -> str:
    """A path without `./` and doubled slashes."""
    return re.sub(r"/{2,}", "/", text).removeprefix("./")


def is_path(text: str) -> bool:
    """Whether a word reads like the path of a file, wherever it leads."""
    if not 0 < len(text) <= _MAX_PATH or any(c.isspace() for c in text) or "://" in text:
        return False
    name = PurePosixPath(text).name
    if name in _PLAIN_NAMES or _FILE_NAME.fullmatch(name) or _HIDDEN.fullmatch(name):
        return True
    if "/" not in text:
        return False
    return ".." in text.split("/") or _SUFFIX.fullmatch(PurePosixPath(name).suffix) is not None


def leads_outside(path: str) -> bool:
    """Whether a path is absolute, begins in a home folder or goes up."""
    return path.startswith(("/", "~", "\\")) or ".." in re.split(r"[/\\]", path)


def mentioned_paths(text: str) -> tuple[str, ...]:
    """Every path in the text, in backticks or bare, once each."""
    return tuple(dict.fromkeys(normal_path(word) for word in _words(text) if is_path(word)))


def mentioned_files(text: str, tree: Iterable[str]) -> tuple[str, ...]:
    """The files of the tree that the text mentions, by path or by a name that only one has."""
    known: set[str] = set()
    by_name: dict[str, list[str]] = {}
    for path in tree:
        known.add(path)
        by_name.setdefault(PurePosixPath(path).name, []).append(path)
    found = []
    spans = set(map(normal_path, code_spans(text)))
    for word in map(normal_path, _words(text)):
        if word not in spans and not is_path(word):
            continue  # a file called `list` is not meant by every "list" of a sentence
        namesakes = by_name.get(word, [])
        if word in known:
            found.append(word)
        elif len(namesakes) == 1 and is_path(word):
            found += namesakes
    return tuple(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    """What could be a path: whole code spans first, then words that are not part of a URL."""
    words = [match[0].rstrip(".") for match in _TOKEN.finditer(text) if not _in_url(match)]
    return [*code_spans(text), *words]


def _in_url(word: re.Match[str]) -> bool:
    return word[0].startswith("//") and word.string.startswith(":", max(0, word.start() - 1))
