"""What a batch says at its end on the screen."""

from agentos.cli.batch.ending import Ending
from agentos.cli.tables import render_table
from agentos.core.terminal_text import printable
from agentos.reporting.advice import folded


def summary_lines(end: Ending) -> list[str]:
    """A table of the items, then totals, then where everything lies, then what to do next."""
    rows = [
        (one.label, one.told, one.document or one.reason, one.time, one.used) for one in end.items
    ]
    next_steps = [line for sentence in end.advice for line in folded(sentence)]
    return [
        "",
        *render_table(rows).splitlines(),
        "",
        end.headline,
        *end.remarks,
        *(f"documents: {printable(str(folder))}" for folder in end.folders),
        f"record: {printable(str(end.record))}",
        *(["", *next_steps] if next_steps else []),
    ]
