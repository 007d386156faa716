"""Tables for the terminal; every cell is text from outside until proven otherwise."""

import os
import sys
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from agentos.core.terminal_text import printable

_WIDTH_WITHOUT_TERMINAL = 200
"""Columns for a file or a pipe, so that a line can be searched for."""

_GAP = "  "


def render_table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Align rows of equal length; cells are shown escaped.

    Where they are wider than `width` (columns of the screen, None for the terminal's) the widest
    column gives way, and what does not fit in it ends in an ellipsis.
    """
    width = width or _terminal_width()
    cells = [[printable(cell, width) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    room = width - len(_GAP) * (len(widths) - 1)
    while sum(widths) > max(room, len(widths)):
        widest = max(range(len(widths)), key=lambda column: (widths[column], column))
        widths[widest] -= 1
    return "\n".join(_GAP.join(map(_fitted, row, widths)).rstrip() for row in cells)


def _fitted(cell: str, width: int) -> str:
    if cell_len(cell) <= width:
        return set_cell_size(cell, width)
    return set_cell_size(cell, width - 1) + "…"


def _terminal_width() -> int:
    if sys.stdout is None or not sys.stdout.isatty():
        return _WIDTH_WITHOUT_TERMINAL
    return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH_WITHOUT_TERMINAL
