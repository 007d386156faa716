"""Runs one item's workflow in this process, from its source to its report.

A child runs it for a batch, the command itself for a single item in the foreground.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from agentos.core.calls import Complete, Leases
from agentos.core.child_spec import ItemSpec
from agentos.core.clock import utc_now
from agentos.core.errors import (
    AgentosError,
    BudgetExhausted,
    CredentialsExhausted,
    Interrupted,
    ItemError,
    LockedError,
    SpendingUnrecorded,
)
from agentos.core.events import Event, Reported
from agentos.core.files import read_regular
from agentos.core.hashing import sha256
from agentos.core.items import Item, Kind
from agentos.core.model_settings import ModelSettings
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.interruption import Interruption
from agentos.leasing_model import LeasingModel
from agentos.models.registry import load_model
from agentos.publishing.index import IndexEntry, as_it_stands, read_index
from agentos.publishing.issues import where_brief_lies
from agentos.step_stamp import StepStamp
from agentos.workflows.issue import workflow as issue_workflow
from agentos.workflows.journal import Journal, JournalIdentity
from agentos.workflows.lld import workflow as lld_workflow
from agentos.workflows.steps import Steps
from agentos.workflows.task import FAILURE_NOTE, Finished, Task

LARGEST_SOURCE = 1024 * 1024
"""Bytes; what is longer is no issue that a person wrote."""


BYTES_PER_TOKEN = 3
"""On the safe side: English prose has four, code a bit more than three."""

LARGEST_TEMPLATE = 4096
LEAST_CONTEXT = 2000
"""Bytes, so that a model with a small window sees at least some of the project."""


_STOPPED_BY: Mapping[type[AgentosError], str] = {
    CredentialsExhausted: "credentials",
    BudgetExhausted: "budget",
    SpendingUnrecorded: "disk",
}
"""What the report says of an item that can make no further call."""


class Workflow(Protocol):
    """A module that turns an item into a document."""

    REVISION: int

    def run(self, task: Task, steps: Steps) -> Finished:
        """Do every step that the journal does not hold; raises AgentosError."""


_WORKFLOWS = cast("Mapping[Kind, Workflow]", {Kind.LLD: lld_workflow, Kind.ISSUE: issue_workflow})


def run_item(
    work: ItemSpec,
    *,
    leases: Leases,
    interruption: Interruption,
    emit: Callable[[Event], None],
    say: Callable[[str], None],
    environ: Mapping[str, str],
) -> Reported:
    """Do what is left of the item and say how it ended.

    Raises LockedError while another process works on the item; what else is raised is a fault of
    our own. `say` takes lines for people. Events go out after what they tell of is on disk.
    """
    emit = StepStamp(emit)
    try:
        interruption.check()
        task = _prepare(work, leases, interruption, emit, environ)
        return _work_on(task, work, interruption, emit, say)
    except Interrupted as stop:
        say(f"{stop}; the same command resumes")
        return Reported(outcome=Outcome.INTERRUPTED, error=str(stop))
    except tuple(_STOPPED_BY) as stop:
        stopped_by = _STOPPED_BY[type(stop)]
        with_what = "with a higher limit " if stopped_by == "budget" else ""
        say(f"{stop}; {with_what}the same command resumes")
        return Reported(outcome=Outcome.INTERRUPTED, error=str(stop), stopped_by=stopped_by)
    except LockedError:
        raise
    except AgentosError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Reported(outcome=Outcome.FAILED, error=f"{error}{hint}", may_pass=error.may_pass)


def _prepare(
    work: ItemSpec,
    leases: Leases,
    interruption: Interruption,
    emit: Callable[[Event], None],
    environ: Mapping[str, str],
) -> Task:
    def ask(settings: ModelSettings) -> Complete:
        call = LeasingModel(load_model(settings, environ), leases, emit)
        return lambda request: interruption.wait_for(call, request)

    item = _where_it_lies(work)
    return Task(
        item=item,
        project=work.project,
        state=StatePaths(work.state),
        source=read_source(item.source),
        rounds=work.rounds,
        context_bytes=context_bytes(work.drafter, work.reviewer),
        drafter=ask(work.drafter),
        reviewer=ask(work.reviewer),
    )


def _where_it_lies(work: ItemSpec) -> Item:
    """The item as it is now: an attempt that was killed may have moved its brief."""
    if work.item.kind is not Kind.ISSUE:
        return work.item
    source = where_brief_lies(work.project, work.item.source, work.item.id)
    return replace(work.item, source=source)


def context_bytes(drafter: ModelSettings, reviewer: ModelSettings) -> int:
    """How long code context and source may be, so that draft and findings fit beside them."""
    window = min(drafter.max_input_tokens, reviewer.max_input_tokens)
    fits = window - drafter.max_output_tokens - reviewer.max_output_tokens
    return max(fits * BYTES_PER_TOKEN - LARGEST_TEMPLATE, LEAST_CONTEXT)


def read_source(source: Path) -> bytes:
    """The issue or brief; raises ItemError."""
    try:
        return read_regular(source, most=LARGEST_SOURCE)
    except OSError as error:
        raise ItemError(f"{source.name} cannot be read: {error.strerror}") from None


def _work_on(
    task: Task,
    work: ItemSpec,
    interruption: Interruption,
    emit: Callable[[Event], None],
    say: Callable[[str], None],
) -> Reported:
    workflow = _WORKFLOWS[task.item.kind]
    identity = JournalIdentity(
        item=task.item.label,
        revision=workflow.REVISION,
        input_hash=sha256(task.source),
        models=(work.drafter.name, work.reviewer.name),
    )
    with Journal.open(task.state.journal_of(task.item), identity, now=utc_now) as journal:
        for notice in journal.notices:
            say(notice)
        if restored := [step.name for step in journal.steps()]:
            say(f"resuming after {restored[-1]}: {len(restored)} steps are not repeated")
        entry = read_index(task.project).get(task.item.label)
        if entry and not restored and not work.again and _is_finished(task, entry, identity):
            say("finished meanwhile by another process")
            return _recorded(entry)
        if entry:
            task = replace(task, known_hashes=frozenset({entry.document_hash}))
        if journal.notes.get(FAILURE_NOTE):
            journal.note(FAILURE_NOTE, "")
        steps = Steps(journal, emit, say, check=interruption.check)
        try:
            finished = workflow.run(task, steps)
        except ItemError as error:
            journal.note(FAILURE_NOTE, str(error))
            raise
        usage = journal.total_usage
    return Reported(
        outcome=finished.outcome,
        document=finished.document,
        document_hash=finished.document_hash,
        input_hash=identity.input_hash,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )


def _is_finished(task: Task, entry: IndexEntry, identity: JournalIdentity) -> bool:
    if entry.input_hash != identity.input_hash:
        return False
    return as_it_stands(task.project, entry) is not None


def _recorded(entry: IndexEntry) -> Reported:
    return Reported(
        outcome=entry.outcome,
        document=entry.document,
        document_hash=entry.document_hash,
        input_hash=entry.input_hash,
    )
