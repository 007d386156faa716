"""What a page says that a command prints, against what it printed: `...` stands for anything."""

import re
from collections.abc import Sequence

_CTRL_C = "^C"
"""What a terminal echoes, wherever other lines have left its cursor: where it stands is chance."""


def matches(expected: Sequence[str], shown: str) -> bool:
    """Whether the whole of it is as the page says; spaces at the ends of lines do not count."""
    return re.fullmatch(_pattern(expected), _trimmed(shown)) is not None


def reached(expected: Sequence[str], shown: str) -> bool:
    """Whether all of these lines have been shown by now, whatever has come after them."""
    return re.match(_pattern(expected), _trimmed(shown)) is not None


def _pattern(lines: Sequence[str]) -> str:
    """A line that is `...` is any number of lines; within a line it ends with the line."""
    parts = []
    for line in (line.replace(_CTRL_C, "") for line in lines):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r".*?".join(re.escape(part) for part in line.rstrip().split("...")) + "\n")
    return "".join(parts)


def _trimmed(shown: str) -> str:
    lines = [line.rstrip() for line in shown.replace(_CTRL_C, "").rstrip("\n").split("\n")]
    return "\n".join(lines) + "\n" if any(lines) else ""
