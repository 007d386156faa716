"""A code context that is cut to a number of bytes, and says what was left out.

Every limit is in bytes of the rendered context in UTF-8. Rendering puts the parts one after the
other, so what each of them adds is counted by itself.
"""

import posixpath
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from agentos.context.ranking import Candidate, Rank
from agentos.documents.code_context import CodeContext, Excerpt, render
from agentos.documents.writing import code_span

MAX_UNASKED_BYTES = 80_000  # of files that the issue does not name
MAX_LIST_BYTES = 60_000
MAX_SENTENCES_BYTES = 8_000
MIN_SENTENCES_BYTES = 100
MIN_BEGINNING_BYTES = 2_000  # with less room than this, the beginning of a file helps nobody
_SHOWN_FOLDERS = 6


@dataclass(frozen=True, slots=True)
class Content:
    """A file's beginning and the size of the whole in bytes, or why it cannot be shown."""

    data: bytes = b""
    size: int = 0
    problem: str = ""


Load = Callable[[str], Content | None]
"""Reads the file at a path; None where there is none."""


def rendered_bytes(context: CodeContext) -> int:
    """The length of the rendered context."""
    return len(render(context).encode("utf-8", "replace"))


EMPTY_BYTES = rendered_bytes(CodeContext())
"""The length of a context that shows nothing; it is what there is where the limit is lower."""


def fit(
    files: Mapping[str, int],
    order: Sequence[str],
    candidates: Sequence[Candidate],
    load: Load,
    *,
    notes: Sequence[str],
    max_bytes: int,
) -> CodeContext:
    """As many of the candidates as fit, and as much as then fits of the list of files.

    `files` have their sizes in bytes, `order` is the one in which their list is cut from its end,
    `notes` are sentences on what is in neither.
    """
    room = max_bytes - EMPTY_BYTES
    for_sentences = min(max(room // 8, MIN_SENTENCES_BYTES), MAX_SENTENCES_BYTES)
    for_list = min(room // 4, MAX_LIST_BYTES, sum(map(_line_bytes, order)))
    shown = _Excerpts(room - for_sentences - for_list)
    for candidate in candidates:
        shown.consider(candidate, files.get(candidate.path, 0), load)
    if total := sum(candidate.rank is Rank.OVERVIEW for candidate in candidates):
        shown.omitted.append(
            "the issue names no file of the project;"
            f" {shown.for_overview} of {total:,} files were read for an overview"
        )
    room -= shown.taken
    paths = {excerpt.path for excerpt in shown.excerpts}
    others = [path for path in order if path not in paths]
    sizes = list(accumulate(map(_line_bytes, others), initial=0))
    end = max(0, bisect_right(sizes, min(room - for_sentences, MAX_LIST_BYTES)) - 1)
    room -= sizes[end]
    unlisted = _not_listed(others[end:], len(paths) + len(others), for_sentences // 2)
    omitted = _that_fit([*unlisted, *shown.omitted, *notes], min(room, MAX_SENTENCES_BYTES))
    return CodeContext(tuple(sorted(paths.union(others[:end]))), tuple(shown.excerpts), omitted)


@dataclass(slots=True)
class _Excerpts:
    """What was chosen so far, and what it takes with its lines in the list of files, in bytes."""

    room: int
    unasked: int = MAX_UNASKED_BYTES
    taken: int = 0
    for_overview: int = 0
    excerpts: list[Excerpt] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)

    def consider(self, candidate: Candidate, known_size: int, load: Load) -> None:
        """Show a file, or the beginning of a named one, where there is room; say it if not."""
        room = self.room - self.taken
        if candidate.rank is not Rank.NAMED:
            room = min(room, self.unasked)
            if known_size > room:  # not opened for nothing
                self._leave_out(candidate, known_size)
                return
        if (content := load(candidate.path)) is None:
            return  # to be created, or no path at all
        if content.problem:
            self.omitted.append(f"{code_span(candidate.path)}: {content.problem}")
            return
        end = len(content.data)
        if end < content.size or _excerpt_bytes(candidate.path, content.data) > room:
            may_be_cut = candidate.rank is Rank.NAMED and room >= MIN_BEGINNING_BYTES
            end = _end_of_beginning(candidate.path, content.data, room) if may_be_cut else 0
            if not end:
                self._leave_out(candidate, content.size)
                return
            left = f"{content.size - end:,} of {content.size:,} bytes are left out"
            self.omitted.append(f"{code_span(candidate.path)}: {left}")
        self._show(candidate, content.data[:end])

    def _show(self, candidate: Candidate, data: bytes) -> None:
        size = _excerpt_bytes(candidate.path, data)
        self.taken += size
        self.excerpts.append(_excerpt(candidate.path, data))
        if candidate.rank is not Rank.NAMED:
            self.unasked -= size
        self.for_overview += candidate.rank is Rank.OVERVIEW

    def _leave_out(self, candidate: Candidate, size: int) -> None:
        if candidate.rank is not Rank.OVERVIEW:  # those are counted
            path = code_span(candidate.path)
            self.omitted.append(f"{path}: left out, {size:,} bytes, {candidate.reason}")


def _excerpt(path: str, data: bytes) -> Excerpt:
    return Excerpt(path, data.decode("utf-8-sig", "replace").removesuffix("\n"))


def _excerpt_bytes(path: str, data: bytes) -> int:
    context = CodeContext(excerpts=(_excerpt(path, data),))
    return _line_bytes(path) + rendered_bytes(context) - EMPTY_BYTES


def _line_bytes(path: str) -> int:
    """The most that a path adds to the list: its line, and a longer fence for its backticks."""
    return len(path.encode("utf-8", "replace")) + 1 + 2 * path.count("`")


def _end_of_beginning(path: str, data: bytes, room: int) -> int:
    """How much of the data may be shown, in whole lines."""
    ends = [0, *(match.end() for match in re.finditer(b"\n", data))]
    fitting = bisect_right(ends, room, key=lambda end: _excerpt_bytes(path, data[:end]))
    return ends[max(0, fitting - 1)]


def _not_listed(paths: Sequence[str], total: int, room: int) -> list[str]:
    """How many of all files are not in the list, and in which folders if there is room for it."""
    if not paths:
        return []
    sentence = f"not listed: {len(paths):,} of {total:,} files"
    common = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    counts = Counter(_folder_below(common, path) for path in paths).most_common()
    shown = [f"{code_span(folder)} ({count:,})" for folder, count in counts[:_SHOWN_FOLDERS]]
    if more := len(counts) - len(shown):
        shown.append(f"{more:,} more folders")
    long_sentence = f"{sentence}, in {', '.join(shown)}"
    return [long_sentence if _sentence_bytes(long_sentence) <= room else sentence]


def _folder_below(common: str, path: str) -> str:
    inner, inside, _ = path.removeprefix(common).lstrip("/").partition("/")
    return f"{posixpath.join(common, inner) if inside else common or '.'}/"


def _that_fit(sentences: Sequence[str], room: int) -> tuple[str, ...]:
    """The sentences, or the first of them and the number of the others."""
    sizes = list(accumulate(map(_sentence_bytes, sentences), initial=0))
    if sizes[-1] <= room:
        return tuple(sentences)
    end = bisect_right(sizes, room - _sentence_bytes(_count(len(sentences)))) - 1
    return () if end < 0 else (*sentences[:end], _count(len(sentences) - end))


def _count(sentences: int) -> str:
    return f"left out, too: {sentences:,} more"


def _sentence_bytes(sentence: str) -> int:
    return rendered_bytes(CodeContext(omitted=(sentence,))) - EMPTY_BYTES
