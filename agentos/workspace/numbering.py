"""Numbers for Markdown files that have none: `dark-mode.md` is to be `007-dark-mode.md`. Pure."""

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from agentos.core.errors import UsageError
from agentos.core.identifiers import issue_number

_DATE = re.compile(r"(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
_NUMBERED = re.compile(
    r"(?:(?:issue|ticket|task|bug|gh)[\s._#-]*|#\s*)?"
    r"(?P<number>[0-9]{1,18})(?:$|[\s_-]+|[.:)](?![0-9]))(?P<words>.*)",
    re.IGNORECASE | re.DOTALL,
)
_EDGES = " ._-\t\n\r"

_LONGEST_WORDS = 200
"""Bytes; a file name may have 255, and documents add to it."""


@dataclass(frozen=True, slots=True)
class OwnName:
    """What a file is called: the number in its name, if it has one, and the words."""

    number: int | None
    words: str

    @property
    def slug(self) -> str:
        """The words in lower case, joined by hyphens; letters of any language stay."""
        return _cut(re.sub(r"[\W_]+", "-", self.words.lower()).strip("-"))


def own_name(file_name: str) -> OwnName:
    """Take a name apart: `ISSUE-12_dark mode.md` has the number 12; a date is none.

    >>> own_name("0012_foo.md")
    OwnName(number=12, words='foo')
    """
    stem = PurePath(file_name).stem
    match = None if _DATE.match(stem) else _NUMBERED.fullmatch(stem)
    if match is None:
        return OwnName(None, stem)
    return OwnName(int(match["number"]), match["words"].strip(_EDGES))


def give_numbers(names: Iterable[str], taken: Collection[int]) -> dict[str, int]:
    """A number for each name that is not `taken`: its own if it can have it, else the next free.

    Of two with one number the first gets it. Raises UsageError where no number is left.
    """
    given: dict[str, int] = {}
    used = set(taken)
    names = list(names)
    for name in names:
        number = own_name(name).number
        if number is not None and number not in used:
            given[name] = number
            used.add(number)
    last = max(used, default=0)
    for name in names:
        if name not in given:
            last += 1
            given[name] = last
    if issue_number(f"{last}.md") is None:
        raise UsageError(
            f"no issue can have the number {last}, the next one",
            "give the issue with the highest number a lower one",
        )
    return {name: given[name] for name in names}


def issue_file_name(number: int, own: OwnName) -> str:
    """`007-dark-mode.md`, or `007.md` without words: what the file becomes that is called so.

    >>> issue_file_name(7, own_name("Dark Mode.md"))
    '007-dark-mode.md'
    """
    return f"{number:03d}-{own.slug}.md" if own.slug else f"{number:03d}.md"


def _cut(words: str) -> str:
    """As much of a slug as a file name has room for."""
    text = words[:_LONGEST_WORDS]
    while len(os.fsencode(text)) > _LONGEST_WORDS:
        text = text[:-1]
    return text.strip("-")
