"""From an idea brief to a structured issue.

The steps: brief, context, draft, then check, review and revise for some rounds, finalize.
"""

from pathlib import Path

from agentos.core.calls import RequestKind
from agentos.core.hashing import sha256
from agentos.core.outcomes import Outcome
from agentos.documents.front_matter import join_front_matter, split_front_matter
from agentos.documents.markdown import title_of
from agentos.documents.rules import check_issue
from agentos.documents.templates import ISSUE_TEMPLATE
from agentos.publishing.issues import (
    find_issue_of_brief,
    issue_path,
    move_brief_to_done,
    next_number,
    numbering_lock,
    remove_unfinished_issues,
)
from agentos.workflows.publication import stamped, write_document
from agentos.workflows.review_loop import Kinds, Reviewed, draft_and_review
from agentos.workflows.steps import Steps
from agentos.workflows.task import Finished, Task

REVISION = 1
"""Counts changes after which an older journal cannot be continued."""

_KINDS = Kinds(RequestKind.DRAFT_ISSUE, RequestKind.REVIEW_ISSUE, RequestKind.REVISE_ISSUE)


def run(task: Task, steps: Steps) -> Finished:
    """Do every step that the journal does not hold; raises AgentosError."""
    reviewed = draft_and_review(
        task,
        steps,
        first_step="brief",
        kinds=_KINDS,
        template=ISSUE_TEMPLATE,
        check=check_issue,
    )
    with numbering_lock(task.state.numbering_lock):
        outcome, document, digest = steps.run("finalize", lambda: _publish(task, reviewed, steps))
        if outcome == Outcome.APPROVED:  # what needs revision is edited and taken up again there
            move_brief_to_done(task.project, task.item.source, task.item.id)
    return Finished(Outcome(outcome), document, digest)


def _publish(task: Task, reviewed: Reviewed, steps: Steps) -> list[str]:
    """Write the issue; the output of the step `finalize`. One process at a time."""
    # A front matter of the draft would stand below ours, as text in which a status could be read.
    _, body = split_front_matter(stamped(reviewed))
    content = join_front_matter({"brief": task.item.id}, body).encode("utf-8")
    remove_unfinished_issues(task.project)
    path = write_document(task, steps, _path(task, reviewed), content)
    return [reviewed.outcome, str(path.relative_to(task.project)), sha256(content)]


def _path(task: Task, reviewed: Reviewed) -> Path:
    """The issue that the brief has already, or a new one with the next free number."""
    existing = find_issue_of_brief(task.project, task.item.id)
    if existing is not None:
        return existing
    slug = title_of(reviewed.text) or task.item.id
    return issue_path(task.project, next_number(task.project), slug)
