"""List entries with a box to tick: what is still to be done, and what is done already."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from agentos.documents.markdown import Block, ListItem

_BOX = re.compile(r"\A\[(?P<tick>[ xX])\]\s+")
_TICKED_LINE = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[xX]\][ \t].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Above:
    """An entry under which others stand."""

    depth: int
    text: str
    is_done: bool


def without_box(text: str) -> str:
    """An entry's text without its box."""
    return _BOX.sub("", text)


def without_ticked_lines(text: str) -> str:
    """A Markdown text without the lines that begin a ticked entry."""
    return _TICKED_LINE.sub("", text)


def split_checklist(content: Iterable[Block]) -> tuple[list[Block], list[Block]]:
    """The entries that have a box, with their parts, and what stands beside them."""
    checklist: list[Block] = []
    beside: list[Block] = []
    depth: int | None = None  # of the entry whose parts follow
    for block in content:
        if not isinstance(block, ListItem):
            depth = None
        elif depth is None or block.depth <= depth:
            depth = block.depth if _BOX.match(block.text) else None
        (beside if depth is None else checklist).append(block)
    return checklist, beside


def split_done(content: Iterable[Block]) -> tuple[list[Block], list[Block]]:
    """What is not ticked off, and the entries that are, with their parts.

    A part with a box of its own goes by that. One that is parted from the entry above it says the
    text of that entry first.
    """
    still_open: list[Block] = []
    done: list[Block] = []
    above: list[_Above] = []
    for block in content:
        if not isinstance(block, ListItem):
            still_open.append(block)
            continue
        above = [entry for entry in above if entry.depth < block.depth]
        box, own = _BOX.match(block.text), without_box(block.text)
        is_done = box["tick"] != " " if box else bool(above and above[-1].is_done)
        is_parted = above and above[-1].is_done != is_done
        told = f"{above[-1].text.rstrip(' .:')}: " if is_parted else ""
        depth = sum(entry.is_done == is_done for entry in above)
        part = replace(block, text=f"{box[0] if box else ''}{told}{own}", depth=depth)
        (done if is_done else still_open).append(part)
        above.append(_Above(block.depth, own, is_done))
    return still_open, done
