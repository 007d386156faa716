"""From an open issue to a reviewed low-level design document.

The steps: load, context, draft, then check, review and revise for some rounds, finalize.
"""

from agentos.core.calls import RequestKind
from agentos.core.hashing import sha256
from agentos.core.outcomes import Outcome
from agentos.documents.rules import check_lld
from agentos.documents.templates import LLD_TEMPLATE
from agentos.publishing.documents import (
    LineageEntry,
    LineageKind,
    lld_path,
    write_lineage,
)
from agentos.workflows.publication import stamped, write_document
from agentos.workflows.review_loop import Kinds, Reviewed, draft_and_review
from agentos.workflows.steps import Steps
from agentos.workflows.task import Finished, Task

REVISION = 1
"""Counts changes after which an older journal cannot be continued."""

_KINDS = Kinds(RequestKind.DRAFT_LLD, RequestKind.REVIEW_LLD, RequestKind.REVISE_LLD)


def run(task: Task, steps: Steps) -> Finished:
    """Do every step that the journal does not hold; raises AgentosError."""
    reviewed = draft_and_review(
        task,
        steps,
        first_step="load",
        kinds=_KINDS,
        template=LLD_TEMPLATE,
        check=check_lld,
    )
    outcome, document, digest = steps.run("finalize", lambda: _publish(task, reviewed, steps))
    return Finished(Outcome(outcome), document, digest)


def _publish(task: Task, reviewed: Reviewed, steps: Steps) -> list[str]:
    """Write the document and its lineage; the output of the step `finalize`."""
    final = stamped(reviewed).encode("utf-8")
    path = write_document(task, steps, lld_path(task.project, task.item.id), final)
    write_lineage(
        task.project,
        task.item.id,
        (
            LineageEntry(LineageKind.ISSUE, task.source),
            *(
                LineageEntry(kind, text.encode("utf-8"))
                for draft, verdict in reviewed.rounds
                for kind, text in ((LineageKind.DRAFT, draft), (LineageKind.VERDICT, verdict))
            ),
            LineageEntry(LineageKind.FINAL, final),
        ),
    )
    return [reviewed.outcome, str(path.relative_to(task.project)), sha256(final)]
