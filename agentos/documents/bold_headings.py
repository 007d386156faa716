"""Lines in bold that stand for headings, as the templates for bug reports on GitHub have them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agentos.documents.headings import role_of
from agentos.documents.markdown import normalized, paragraph_lines

_BOLD = re.compile(
    r" {0,3}(?P<mark>\*\*|__)(?P<title>[^*_]+?)(?P<colon>:?)(?P=mark)(?P<after>:?)"
    r"[ \t]*(?P<rest>.*)"
)
_HEADING = "######"  # below every other, so that it ends with the section that it stands in


@dataclass(frozen=True, slots=True)
class _Label:
    """A line, by its number from 0, that could be a heading, and what stands behind it there."""

    line: int
    title: str
    rest: str


def bold_as_headings(body: str) -> str:
    """The text with headings in the place of `**Expected behavior**` and `**Expected:** this`.

    It stays as it is where no such line names a part that an issue may have. Where one does, every
    paragraph that begins with a line in bold begins a section.
    """
    labels = list(_labels(body))
    if not any(role_of(label.title) for label in labels):
        return body
    lines = normalized(body).split("\n")
    for label in labels:
        lines[label.line] = f"\n{_HEADING} {label.title}\n\n{label.rest}"
    return "\n".join(lines)


def _labels(body: str) -> Iterator[_Label]:
    lines = normalized(body).split("\n")
    for number, begins_paragraph in paragraph_lines(body):
        match = _BOLD.fullmatch(lines[number])
        if match is None:
            continue
        is_alone = not match["rest"]
        is_label = is_alone or match["colon"] or match["after"]
        if (is_alone and begins_paragraph) or (is_label and role_of(match["title"])):
            yield _Label(number, match["title"], match["rest"])
