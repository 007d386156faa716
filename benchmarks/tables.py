"""Figures for people, in columns, and for programs, in a file."""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


def table(rows: Sequence[Sequence[str]], *, right: Collection[int]) -> str:
    """The rows below their headings, which are the first; columns numbered in `right` end flush."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]]) + "\n"


def percent(share: float) -> str:
    """`97.25 %` for 0.9725."""
    return f"{share * 100:.2f} %"


def write_json(file: Path, figures: Mapping[str, object]) -> None:
    """Write the figures, in a folder that is made, and say where they are."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{json.dumps(figures, indent=2)}\n")
    sys.stdout.write(f"The figures are in {file}\n")
