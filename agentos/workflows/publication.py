"""The first part of an item's end: its document, written so that a person's edit survives."""

from pathlib import Path

from agentos.core.hashing import sha256
from agentos.documents.status import stamp
from agentos.publishing.documents import place
from agentos.publishing.files import write_atomic
from agentos.workflows.review_loop import Reviewed
from agentos.workflows.steps import Steps
from agentos.workflows.task import Task

_HASH_NOTE = "document_hash"


def stamped(reviewed: Reviewed) -> str:
    """The document with its status."""
    return stamp(reviewed.text, reviewed.outcome, reviewed.findings)


def write_document(task: Task, steps: Steps, path: Path, content: bytes) -> Path:
    """Write the document and give its path, or that of `NAME.new.md` beside an edited one.

    Its hash is noted in the journal first, so that after a kill it is known to be ours. Raises
    AgentosError.
    """
    noted = steps.journal.notes.get(_HASH_NOTE)
    known = task.known_hashes | ({noted} if noted else set())
    target = place(path, content, known, root=task.project)
    if target != path:
        steps.say(
            f"{path.name} was edited by a person: the new one is {target.name}; take over what you"
            f" want, then delete {target.name}"
        )
        steps.decide("keep the edited document", f"the new one is {target.name}")
    steps.journal.note(_HASH_NOTE, sha256(content))
    write_atomic(target, content, root=task.project)
    steps.say(f"wrote {target.relative_to(task.project)}")
    return target
