"""A run as Markdown, for the page on which a CI shows its jobs. Pure.

Every text that goes in may come from an issue, a model or an error: none of it is markup here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from agentos.core.terminal_text import printable, without_sequences

_LONGEST = 400
"""Characters of one text that are shown."""

_ACTIVE = {ord(char): f"&#{ord(char)};" for char in "\\`*_~[]<>&|$\u200b"}

# What becomes a mention or a link is looked for in the finished text, where an entity is the
# character again. A space of no width keeps it apart; text from outside holds none by then.
_BEGINS_LINK = re.compile(r"[@#]|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
_APART = "\\g<0>\u200b"

Mask = Callable[[str], str]
"""Takes the secrets out of a text."""


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What is told, in this order.

    `reasons` say by label why an item failed; `rows` are as long as `columns`, and a column that is
    empty in all of them is left out; `remarks` are sentences on costs and on what to do.
    """

    headline: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    remarks: Sequence[str] = ()


def markdown(summary: StepSummary, mask: Mask, *, room: int) -> str:
    """The summary in at most `room` bytes, ending in an empty line.

    Rows and reasons that do not fit are counted in a line of their own. Empty where there is not
    even room for the headline and the remarks.
    """
    head = f"### agentos: {_shown(summary.headline, mask)}\n\n"
    remarks = "".join(_bullet(_shown(remark, mask)) for remark in summary.remarks)
    tail = f"{remarks}\n" if remarks else ""
    left = room - _bytes(head) - _bytes(tail)
    if left < 0:
        return ""
    reasons = [
        _bullet(f"{_shown(label, mask)}: {_shown(reason, mask)}")
        for label, reason in summary.reasons.items()
    ]
    # Reasons are what a reader comes for, so a long table leaves half of the room to them.
    why = _block("#### Why items failed\n\n", reasons, "reason", left // 2)
    intro, lines = _table(summary, mask)
    return head + why + _block(intro, lines, "row", left - _bytes(why)) + tail


def _table(summary: StepSummary, mask: Mask) -> tuple[str, list[str]]:
    """The head of the table, and its rows."""
    used = [place for place in range(len(summary.columns)) if any(r[place] for r in summary.rows)]
    cells = [[_shown(row[place], mask) for place in used] for row in summary.rows]
    head = [_shown(summary.columns[place], mask) for place in used]
    return _row(head) + _row(["---"] * len(used)), [_row(row) for row in cells]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _block(intro: str, lines: Sequence[str], noun: str, room: int) -> str:
    """An intro and as many of its lines as fit; empty without any."""
    whole = intro + "".join(lines) + "\n" if lines else ""
    if _bytes(whole) <= room:
        return whole
    none_kept = _missing(len(lines), noun)
    kept, left = 0, room - _bytes(intro + none_kept)
    while (left := left - _bytes(lines[kept])) >= 0:
        kept += 1
    if not kept:
        return none_kept if _bytes(none_kept) <= room else ""
    return intro + "".join(lines[:kept]) + _missing(len(lines) - kept, noun)


def _bullet(text: str) -> str:
    """A point of a list; what it begins with begins nothing else in it."""
    begins_block = text[:1] in "+-" or text[:1].isdigit()
    return f"- &#{ord(text[0])};{text[1:]}\n" if text and begins_block else f"- {text}\n"


def _missing(count: int, noun: str) -> str:
    told = f"1 more {noun} is" if count == 1 else f"{count} more {noun}s are"
    return f"\n{told} missing here for want of room; the record of the run has all.\n\n"


def _shown(text: str, mask: Mask) -> str:
    """On one line, without secrets, and such that Markdown and HTML see nothing but text."""
    plain = printable(mask(without_sequences(text)).strip(), _LONGEST)
    return _BEGINS_LINK.sub(_APART, plain).translate(_ACTIVE)


def _bytes(text: str) -> int:
    return len(text.encode())
