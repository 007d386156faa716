"""Which files of a project matter most for an issue."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from agentos.context.filters import is_code
from agentos.context.imports import ImportLookup, folders_above, language
from agentos.documents.mentions import code_spans, mentioned_files, mentioned_paths
from agentos.documents.writing import code_span

MAX_NAMED = 200  # paths of one issue that are looked at
MAX_SCANNED = 400  # files whose imports are looked at
_MAX_NAMESAKES = 20  # a word that more paths have tells nothing

_TITLE = re.compile(r"^(?:#|title:)[ \t]+(\S.*)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DULL_WORDS = """
    about add all and any are can code does file for from has have index into init its lib main make
    more need new not now one only out should some src test tests than that the then there this use
    via want was when will with"""
_DULL = frozenset(_DULL_WORDS.split())
_TEST_FOLDERS = frozenset(("__tests__", "spec", "specs", "test", "tests"))
_TEST_NAME = re.compile(r"test[_-](?P<a>.+)|(?P<b>.+?)(?:[_.-](?:test|spec)s?|(?<=[a-z])Tests?)")
_FOLDER_MODULES = frozenset(("__init__", "index", "mod"))  # too many are called so
_OVERVIEW_NAME = re.compile(r"(?:readme|overview|architecture)(?:\.\w+)?", re.IGNORECASE)


class Rank(IntEnum):
    """Why a file may matter, the best reason first."""

    NAMED = 1
    """The issue names it, in the order of mention."""
    NEIGHBOUR = 2
    """A test of a named file, or it imports one or is imported by one, the nearest first."""
    ALIKE = 3
    """Its path has rare words of the issue's title or code spans, the rarest first."""
    OVERVIEW = 4
    """Where the issue names no file that exists: a README and the small modules first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be shown. `reason` reads on from its name: `a.py`, named by the issue."""

    path: str
    rank: Rank
    reason: str


def rank(files: Mapping[str, int], issue_text: str, read: Callable[[str], str]) -> list[Candidate]:
    """What to show for an issue, the best first, each path once.

    `files` are the project's with their sizes in bytes. Named paths come out even if they are
    none of them. `read` gives the text of one of the files, empty where there is none; it is
    called `MAX_SCANNED` times at the most.
    """
    asked = (*mentioned_files(issue_text, files), *mentioned_paths(issue_text))
    named = list(dict.fromkeys(asked))[:MAX_NAMED]
    there = [path for path in named if path in files]
    found = [Candidate(path, Rank.NAMED, "named by the issue") for path in named]
    found += _tests(there, files)
    found += _connected(there, files, read)
    found += _alike(issue_text, files)
    if not there:
        found += _overview(files)
    best: dict[str, Candidate] = {}
    for candidate in found:
        best.setdefault(candidate.path, candidate)
    return list(best.values())


def by_interest(files: Iterable[str], candidates: Iterable[Candidate]) -> list[str]:
    """The files in the order in which a list of them is cut from its end.

    Candidates come first, then their folders, then what is higher up; an overview says nothing of
    where to look.
    """
    places: dict[str, int] = {}
    for place, candidate in enumerate(candidates):
        if candidate.rank is not Rank.OVERVIEW:
            places.setdefault(candidate.path, place)
            places.setdefault(posixpath.dirname(candidate.path) + "/", place)
    last = len(places)

    def key(path: str) -> tuple[bool, int, int, str]:
        folder = places.get(posixpath.dirname(path) + "/", last)
        return path not in places, places.get(path, folder), path.count("/"), path

    return sorted(files, key=key)


def _tests(named: Iterable[str], files: Iterable[str]) -> Iterator[Candidate]:
    tests: dict[str, list[str]] = {}
    for path in files:
        if subject := _tested(path):
            tests.setdefault(subject, []).append(path)
    for path in filter(is_code, named):
        distance = _distance_to([path])
        subject = posixpath.splitext(posixpath.basename(path))[0]
        if subject in _FOLDER_MODULES:
            continue
        for test in sorted(tests.get(subject, ()), key=lambda test: (distance(test), test)):
            yield Candidate(test, Rank.NEIGHBOUR, f"a test of {code_span(path)}")


def _tested(path: str) -> str:
    """The stem of the module that a test is of; empty for what is no test."""
    if not is_code(path):
        return ""
    *folders, name = path.split("/")
    stem = posixpath.splitext(name)[0]
    if match := _TEST_NAME.fullmatch(stem):
        return match["a"] or match["b"]
    return "" if _TEST_FOLDERS.isdisjoint(folders) else stem


def _connected(
    named: Iterable[str], files: Collection[str], read: Callable[[str], str]
) -> Iterator[Candidate]:
    """What named modules import, then what imports them, the nearest modules first."""
    modules = [path for path in named if language(path)]
    if not modules:
        return
    lookup = ImportLookup(files)
    for path in modules:
        for other in lookup.imported(path, read(path)):
            yield Candidate(other, Rank.NEIGHBOUR, f"imported by {code_span(path)}")
    spoken = {language(path) for path in modules}
    others = {path for path in files if language(path) in spoken}.difference(modules)
    distance = _distance_to(modules)
    nearest = sorted(others, key=lambda path: (distance(path), path))
    for other in nearest[: MAX_SCANNED - len(modules)]:
        imported = lookup.imported(other, read(other))
        if path := next((path for path in modules if path in imported), ""):
            yield Candidate(other, Rank.NEIGHBOUR, f"imports {code_span(path)}")


def _distance_to(paths: Iterable[str]) -> Callable[[str], int]:
    """Tells how many folders a path is away from the nearest of `paths`, up and down."""
    down: dict[str, int] = {}
    for path in paths:
        for steps, folder in enumerate(folders_above(path)):
            down[folder] = min(steps, down.get(folder, steps))

    def distance(path: str) -> int:
        above = enumerate(folders_above(path))
        return min(up + down[folder] for up, folder in above if folder in down)

    return distance


def _alike(issue_text: str, files: Collection[str]) -> list[Candidate]:
    title = _TITLE.search(issue_text)
    wanted = _words(" ".join((*code_spans(issue_text), title[1] if title else "")))
    paths: dict[str, list[str]] = {}
    for path in files:
        for word in _words(posixpath.splitext(path)[0]) & wanted:
            paths.setdefault(word, []).append(path)
    common = min(_MAX_NAMESAKES, max(3, len(files) // 10))
    weights: dict[str, float] = {}
    for word in sorted(paths):
        if (namesakes := len(paths[word])) <= common:
            for path in paths[word]:
                weights[path] = weights.get(path, 0) + 1 / namesakes
    best = sorted(weights, key=lambda path: (-weights[path], path))
    return [Candidate(path, Rank.ALIKE, "its path has words of the issue") for path in best]


def _words(text: str) -> set[str]:
    """The words of identifiers, in lower case and without the endings of plurals."""
    words = (word.casefold() for word in _WORD.findall(_HUMP.sub(" ", text)))
    return {re.sub(r"(?<=..)(?:ies|y|s)$", "", word) for word in words if word not in _DULL}


def _overview(files: Mapping[str, int]) -> list[Candidate]:
    texts = [path for path in files if _OVERVIEW_NAME.fullmatch(posixpath.basename(path))]
    upper = sorted((path for path in texts if path.count("/") < 2), key=lambda p: (p.count("/"), p))

    def key(path: str) -> tuple[bool, bool, int, str]:
        return bool(_tested(path)), not files[path], files[path], path

    code = sorted(filter(is_code, files), key=key)
    return [Candidate(path, Rank.OVERVIEW, "shown for an overview") for path in (*upper, *code)]
