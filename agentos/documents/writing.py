"""Text from outside, made fit to stand inside a Markdown document of ours.

Whatever the text holds, it stays where it was put: one line, one cell, one fence.
"""

import re
from collections.abc import Sequence

_DISGUISED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BACKTICKS = re.compile("`+")


def visible(text: str) -> str:
    """The text with control characters and changes of writing direction made visible."""
    return _DISGUISED.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, made one space."""
    return visible(" ".join(text.split()))


def table_cell(text: str) -> str:
    """One cell of a table row."""
    return one_line(text).replace("|", "\\|")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the cells are escaped here."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(table_cell(cell) for cell in row)} |" for row in lines)


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def code_span(text: str) -> str:
    """Inline code, whatever backticks the text holds."""
    line = one_line(text)
    longest = max((len(run) for run in _BACKTICKS.findall(line)), default=0)
    if not longest:
        return f"`{line}`"
    ticks = "`" * (longest + 1)
    return f"{ticks} {line} {ticks}"


def indented(text: str, spaces: int) -> str:
    """The text with every line that is not empty moved to the right."""
    return "\n".join(" " * spaces + line if line else "" for line in text.split("\n"))
