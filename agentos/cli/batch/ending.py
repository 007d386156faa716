"""How a batch ended, in words: what the screen and the page of a CI job both tell."""

from dataclasses import dataclass
from pathlib import Path

from agentos.cli.batch.wiring import BatchEnd
from agentos.core.outcomes import Outcome
from agentos.reporting.advice import advice
from agentos.reporting.status import Standing
from agentos.reporting.summary import summary_line
from agentos.workspace.survey import Survey


@dataclass(frozen=True, slots=True)
class EndedItem:
    """What became of one item; `reason` says why it did not get done, empty where it did."""

    label: str
    title: str
    outcome: Outcome
    told: str
    document: str
    reason: str
    time: str
    used: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of all; `remarks` are lines on what it took, `advice` sentences on what to do."""

    headline: str
    items: tuple[EndedItem, ...]
    remarks: tuple[str, ...]
    advice: tuple[str, ...]
    folders: tuple[Path, ...]
    record: Path


def ending(found: Survey, end: BatchEnd, run_id: str) -> Ending:
    """Put it together; paths and texts from outside are as they are."""
    items = tuple(_item(standing, found, end) for standing in found.standings)
    used = end.costs.total.describe()
    outcomes = [_outcome(end, standing) for standing in found.standings]
    root = found.project.root
    return Ending(
        headline=summary_line({item.label: item.outcome for item in items}),
        items=items,
        # A budget counts what earlier runs of the batch took, too.
        remarks=tuple(filter(None, (f"used: {used}" if used else "", end.budget))),
        advice=tuple(advice(found.kind, outcomes, end.ran_out, end.first_back)),
        folders=tuple(sorted({(root / path).parent for path in end.documents.values()})),
        record=found.project.state.runs / run_id,
    )


def skipped_item(standing: Standing, found: Survey) -> EndedItem:
    """One that is finished: its document is there already."""
    item = standing.item
    return EndedItem(
        item.label,
        item.title,
        Outcome.SKIPPED,
        told=f"skipped ({standing.describe()})",
        document=found.index[item.label].document,
        reason="",
        time="",
        used="",
    )


def _item(standing: Standing, found: Survey, end: BatchEnd) -> EndedItem:
    label, title = standing.item.label, standing.item.title
    outcome = end.outcome_of(label)
    if outcome is Outcome.SKIPPED:
        return skipped_item(standing, found)
    result = end.results[label]
    return EndedItem(
        label,
        title,
        outcome,
        outcome.replace("_", " "),
        end.documents.get(label, ""),
        reason=result.error or "",
        time=f"{result.duration:.1f} s" if result.duration else "not started",
        used=end.costs.item(label).describe(),
    )


def _outcome(end: BatchEnd, standing: Standing) -> Outcome:
    """What the item asks for; one that was skipped, as its document stands."""
    outcome = end.outcome_of(standing.item.label)
    return Outcome(standing.state) if outcome is Outcome.SKIPPED else outcome
