"""What a batch says at its end."""

from pathlib import Path

from agentos.cli.batch.wiring import BatchEnd
from agentos.cli.tables import render_table
from agentos.core.outcomes import Outcome
from agentos.core.terminal_text import printable
from agentos.reporting.status import Standing
from agentos.reporting.summary import summary_line
from agentos.workspace.survey import Survey


def summary_lines(found: Survey, end: BatchEnd, run_id: str) -> list[str]:
    """A table of the items, then totals, then where everything lies."""
    rows = [_summary_row(standing, found, end) for standing in found.standings]
    outcomes = {
        standing.item.label: end.outcome_of(standing.item.label) for standing in found.standings
    }
    return [
        "",
        *render_table(rows).splitlines(),
        "",
        summary_line(outcomes),
        *_totals(end),
        *(f"documents: {printable(str(folder))}" for folder in _folders(found, end)),
        f"record: {printable(str(found.project.state.runs / run_id))}",
    ]


def _folders(found: Survey, end: BatchEnd) -> list[Path]:
    """Where the documents of this run lie."""
    return sorted({(found.project.root / document).parent for document in end.documents.values()})


def _summary_row(standing: Standing, found: Survey, end: BatchEnd) -> tuple[str, ...]:
    label = standing.item.label
    outcome = end.outcome_of(label)
    if outcome is Outcome.SKIPPED:
        return label, f"skipped ({standing.describe()})", found.index[label].document, "", ""
    result = end.results[label]
    seconds = f"{result.duration:.1f} s" if result.duration else "not started"
    document = end.documents.get(label) or result.error or ""
    return label, outcome.replace("_", " "), document, seconds, end.costs.item(label).describe()


def _totals(end: BatchEnd) -> list[str]:
    """What was used, if anything was; a budget counts what earlier runs of the batch took, too."""
    used = end.costs.total.describe()
    return [*([f"used: {used}"] if used else []), *end.remarks]
