"""Tables for the terminal; every cell is text from outside until proven otherwise."""

import io
import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agentos.core.terminal_text import printable

_WIDTH_WITHOUT_TERMINAL = 200
"""Columns for a file or a pipe, so that a line can be searched for."""

_LONGEST_CELL = 100


def render_table(rows: Sequence[Sequence[str]]) -> str:
    """Align rows of equal length in columns; cells are shown escaped, the last is cut to fit."""
    table = Table.grid(padding=(0, 2))
    for _ in rows[0] if rows else ():
        table.add_column(no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(printable(cell, _LONGEST_CELL)) for cell in row))
    buffer = io.StringIO()
    Console(file=buffer, width=_columns(), color_system=None).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def _columns() -> int:
    if sys.stdout is None or not sys.stdout.isatty():
        return _WIDTH_WITHOUT_TERMINAL
    return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH_WITHOUT_TERMINAL
