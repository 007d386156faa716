"""The parent's part of an item's end, each piece harmless to repeat.

The child has written the document, recorded the step `finalize` and reported. What is left: the
index, then the outcome in the record, then the journal's deletion.
"""

from collections.abc import Callable
from dataclasses import replace

from agentos.core.clock import timestamp, utc_now
from agentos.core.errors import AgentosError
from agentos.core.events import Event, ItemFinished, Notice, Reported
from agentos.core.items import Item
from agentos.core.outcomes import Outcome
from agentos.publishing.index import IndexEntry, enter
from agentos.workflows.journal import delete_journal
from agentos.workspace.project import Project


def finish_item(
    project: Project,
    item: Item,
    report: Reported,
    *,
    seconds: float,
    run_id: str | None,
    publish: Callable[[Event], None],
) -> Reported:
    """Do what is left after a report; gives back what the end counts as."""
    if report.outcome.is_finished:
        report = _entered(project, item, report, run_id)
    publish(
        ItemFinished(
            item=item.label,
            outcome=report.outcome,
            seconds=seconds,
            error=report.error,
            document=report.document,
        )
    )
    if report.outcome.is_finished:
        try:
            delete_journal(project.state.journal_of(item))
        except AgentosError as error:
            publish(Notice(text=f"[COORDINATOR] {error}; the next run will delete it"))
    return report


def _entered(project: Project, item: Item, report: Reported, run_id: str | None) -> Reported:
    entry = IndexEntry(
        outcome=report.outcome,
        input_hash=report.input_hash,
        document=report.document,
        document_hash=report.document_hash,
        run_id=run_id,
        finished=timestamp(utc_now()),
        source=item.source.name,
    )
    try:
        enter(project.root, project.state.index_lock, item.label, entry)
    except AgentosError as error:
        return replace(report, outcome=Outcome.FAILED, error=str(error))
    return report
