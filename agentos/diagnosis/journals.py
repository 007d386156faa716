"""The journals of unfinished items, and what an unfinished batch has cost so far."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from agentos.backlog.briefs import find_briefs
from agentos.backlog.issues import find_issues
from agentos.core.errors import AgentosError, UsageError
from agentos.core.items import Kind
from agentos.core.paths import journal_owner
from agentos.diagnosis.access import is_writable, opened
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, warning
from agentos.diagnosis.state_files import is_followed, kind_of
from agentos.diagnosis.surroundings import Surroundings, free
from agentos.records.spending import SpendingLedger
from agentos.workflows.journal import read_journal
from agentos.workflows.journal_files import SIDECARS
from agentos.workspace.survey import has_backlog

_SUBJECT = "journals"


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Each file by itself."""
    if is_followed(surroundings.project.state):
        return
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
            yield from _journal(surroundings, path, f"{kind.upper()}-{item_id}")


def _journal(surroundings: Surroundings, path: Path, label: str) -> Iterator[Finding]:
    if odd := next(filter(kind_of, _with_sidecars(path)), None):
        yield fault(
            _SUBJECT,
            f"{surroundings.name(odd)} is {kind_of(odd)}, where its item needs a file",
            command=_kept_aside(surroundings, path),
        )
    elif not is_writable(path):
        yield fault(
            _SUBJECT,
            f"{surroundings.name(path)} is closed to you",
            command=opened(surroundings, path),
        )
    elif not (journal := read_journal(path)) or not journal.problem:
        return
    elif journal.is_damaged:
        yield warning(
            _SUBJECT,
            journal.problem,
            hint="its item begins anew; a run would move it away by itself",
            command=_kept_aside(surroundings, path),
        )
    else:
        yield fault(
            _SUBJECT,
            f"{label} would fail: {journal.problem}",
            hint=journal.hint,
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
    """Move it with its log into a folder of its own; typed again, it moves nothing."""
    aside = path.parent / "aside"
    own = surroundings.word(free(aside / f"{path.stem}.kept"))
    whole = " ".join(surroundings.word(one) for one in _with_sidecars(path))
    return f"mkdir -p {surroundings.word(aside)} && mkdir {own} && mv {whole} {own}"


def _with_sidecars(path: Path) -> list[Path]:
    """SQLite reads them by their names, so one that stays belongs to the next of that name."""
    sidecars = (path.with_name(path.name + suffix) for suffix in SIDECARS)
    return [path, *(one for one in sidecars if os.path.lexists(one))]


def _ledgers(surroundings: Surroundings) -> Iterator[Finding]:
    for kind in Kind:
        path = surroundings.project.state.spending(kind)
        try:
            SpendingLedger(path, run_id="")
        except UsageError as error:
            yield fault_of(_SUBJECT, error, f"rm {surroundings.word(path)}")
