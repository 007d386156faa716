"""The journals of unfinished items, and what an unfinished batch has cost so far."""

from collections.abc import Collection, Iterator
from pathlib import Path

from agentos.backlog.briefs import find_briefs
from agentos.backlog.issues import find_issues
from agentos.core.errors import AgentosError, UsageError
from agentos.core.items import Kind
from agentos.core.paths import journal_owner
from agentos.diagnosis.access import is_writable, opened
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, warning
from agentos.diagnosis.surroundings import Surroundings
from agentos.records.spending import SpendingLedger
from agentos.workflows.journal import read_journal
from agentos.workspace.survey import has_backlog

_SUBJECT = "journals"


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Each file by itself."""
    findings = [*_journals(surroundings), *_ledgers(surroundings)]
    yield from findings or [ok(_SUBJECT, "what is kept of unfinished items can be read")]


def _journals(surroundings: Surroundings) -> Iterator[Finding]:
    folder = surroundings.project.state.checkpoints
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    owned = [(path, owner) for path in paths if (owner := journal_owner(path.name))]
    known = {kind: _ids(surroundings, kind) for kind in {owner[0] for _, owner in owned}}
    for path, (kind, item_id) in owned:
        ids = known[kind]
        if ids is not None and item_id not in ids:
            yield _orphan(surroundings, path, f"{kind.upper()}-{item_id}")
        elif not path.is_symlink():  # which the look at the state folder tells
            yield from _journal(surroundings, path)


def _journal(surroundings: Surroundings, path: Path) -> Iterator[Finding]:
    if not is_writable(path):
        yield fault(
            _SUBJECT,
            f"{surroundings.name(path)} is closed to you",
            command=opened(surroundings, path),
        )
    elif (journal := read_journal(path)) and journal.problem:
        yield warning(
            _SUBJECT,
            journal.problem,
            hint="its item begins anew; a run would move it away by itself",
            command=_kept_aside(surroundings, path),
        )


def _ids(surroundings: Surroundings, kind: Kind) -> Collection[str] | None:
    """Of all items of the backlog; None where it cannot be told."""
    if not has_backlog(surroundings.project, kind):
        return ()
    find = find_issues if kind is Kind.LLD else find_briefs
    try:
        return {entry.item.id for entry in find(surroundings.project.root).entries}
    except AgentosError:
        return None


def _orphan(surroundings: Surroundings, path: Path, label: str) -> Finding:
    return warning(
        _SUBJECT,
        f"{surroundings.name(path)} is of {label}, which the backlog does not have",
        command=_kept_aside(surroundings, path),
    )


def _kept_aside(surroundings: Surroundings, path: Path) -> str:
    aside = surroundings.word(path.parent / "aside")
    return f"mkdir -p {aside} && mv {surroundings.word(path)}* {aside}"


def _ledgers(surroundings: Surroundings) -> Iterator[Finding]:
    for kind in Kind:
        path = surroundings.project.state.spending(kind)
        try:
            SpendingLedger(path, run_id="")
        except UsageError as error:
            yield fault_of(_SUBJECT, error, f"rm {surroundings.word(path)}")
