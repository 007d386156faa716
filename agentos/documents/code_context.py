"""What a model is shown of the code base, as a value and as Markdown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agentos.documents.writing import fenced

_FENCE = re.compile(r"(`{3,})[\w+-]*")
_FILES, _EXCERPTS, _OMITTED = "## Files", "## Excerpts", "## Left out"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a file, often all of it, without the final newline."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class CodeContext:
    """Paths inside the project, excerpts of some of them, and what was left out, in sentences.

    Raises ValueError where a path or a sentence is not exactly one line.
    """

    files: tuple[str, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    omitted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (*self.files, *(excerpt.path for excerpt in self.excerpts), *self.omitted):
            if line.splitlines() != [line]:
                raise ValueError(f"Not a single line: {line!r}")


def render(context: CodeContext) -> str:
    """The context as Markdown. No content can close the fence that it stands in."""
    parts = [_FILES, fenced("\n".join(context.files), "text"), _EXCERPTS]
    for excerpt in context.excerpts:
        language = PurePosixPath(excerpt.path).suffix.removeprefix(".")
        known = language if re.fullmatch(r"[A-Za-z0-9+-]*", language) else ""
        parts += [f"### `{excerpt.path}`", fenced(excerpt.text, known)]
    parts += [_OMITTED, *(f"- {sentence}" for sentence in context.omitted)]
    return "\n\n".join(parts) + "\n"


def parse(text: str) -> CodeContext:
    """The context that `render` wrote; nothing for an empty text. Raises ValueError otherwise."""
    if not text.strip():
        return CodeContext()
    lines = iter(text.removesuffix("\n").split("\n"))
    _expect(lines, _FILES, "")
    listed = _fenced_lines(lines)
    _expect(lines, "", _EXCERPTS, "")
    excerpts = []
    for line in lines:
        if line == _OMITTED:
            break
        if not line.startswith("### `") or not line.endswith("`"):
            raise ValueError(f"Not a rendered context: {line!r} where a path belongs")
        _expect(lines, "")
        excerpts.append(Excerpt(line[5:-1], "\n".join(_fenced_lines(lines))))
        _expect(lines, "")
    else:
        raise ValueError("Not a rendered context: its end is missing")
    omitted = tuple(line.removeprefix("- ") for line in lines if line)
    return CodeContext(tuple(path for path in listed if path), tuple(excerpts), omitted)


def _expect(lines: Iterator[str], *expected: str) -> None:
    for wanted in expected:
        if next(lines, None) != wanted:
            raise ValueError(f"Not a rendered context: no {wanted or 'empty line'!r} in its place")


def _fenced_lines(lines: Iterator[str]) -> list[str]:
    opening = _FENCE.fullmatch(next(lines, ""))
    if opening is None:
        raise ValueError("Not a rendered context: no code block in its place")
    content: list[str] = []
    for line in lines:
        if line == opening[1]:
            return content
        content.append(line)
    raise ValueError("Not a rendered context: a code block without an end")
