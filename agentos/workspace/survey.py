"""What there is to work on and where each item stands; looks only, and writes nothing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentos.backlog.briefs import find_briefs, has_briefs
from agentos.backlog.issues import find_issues
from agentos.backlog.selection import select
from agentos.core.items import Item, Kind
from agentos.core.paths import ISSUES, StatePaths, journal_owner
from agentos.publishing.index import IndexEntry, as_it_stands, read_index
from agentos.records.history import children, last_outcomes, unclosed_runs
from agentos.records.survivors import SystemProcesses
from agentos.reporting.status import JournalSnapshot, Standing, standings
from agentos.workflows.journal import read_journal
from agentos.workflows.task import FAILURE_NOTE
from agentos.workspace.project import Project


@dataclass(frozen=True, slots=True)
class Survey:
    """Items with their standings, in the backlog's order.

    `index` has an entry for each whose document is there, with the status that stands in it.
    `notices` are sentences about files that were left out.
    """

    project: Project
    kind: Kind
    standings: tuple[Standing, ...]
    index: Mapping[str, IndexEntry]
    notices: tuple[str, ...]


def has_backlog(project: Project, kind: Kind) -> bool:
    """Whether there is a folder for items of this kind; a project need not have both."""
    return has_briefs(project.root) if kind is Kind.ISSUE else (project.root / ISSUES).exists()


def survey(
    project: Project,
    kind: Kind,
    *,
    ids: Sequence[str] = (),
    take_all: bool = False,
    take_finished: bool = False,
) -> Survey:
    """Look at the items named by `ids`, and with `take_all` at all that are open or unfinished.

    With `take_finished` too at those that are closed since agentos finished them. Raises
    BacklogError for a backlog that is missing or contradicts itself, or an unknown id.
    """
    index = read_index(project.root)
    if kind is Kind.LLD:
        backlog = find_issues(project.root)
    else:
        backlog = find_briefs(project.root, _known_briefs(index))
    wanted = _unfinished(project.state, kind)
    if take_finished:
        wanted |= {entry.item.id for entry in backlog.entries if entry.item.label in index}
    items = select(backlog, ids, take_all=take_all, also=wanted)
    finished = {
        item.label: now
        for item in items
        if (entry := index.get(item.label)) and (now := as_it_stands(project.root, entry))
    }
    found = standings(
        items,
        input_hashes={item.label: _hash(item.source) for item in items},
        index=finished,
        journals=_journals(project.state, items),
        last=last_outcomes(project.state),
        running=_running(project.state),
    )
    return Survey(project, kind, found, finished, backlog.notices)


def _known_briefs(index: Mapping[str, IndexEntry]) -> dict[str, str]:
    """Ids of briefs of which issues were made, with their file names, the latest first."""
    latest = sorted(index.items(), key=lambda named: named[1].finished, reverse=True)
    prefix = f"{Kind.ISSUE.upper()}-"
    return {
        label.removeprefix(prefix): entry.source
        for label, entry in latest
        if label.startswith(prefix) and entry.source
    }


def _unfinished(state: StatePaths, kind: Kind) -> set[str]:
    """Ids of the items whose journals are there."""
    if not state.checkpoints.is_dir():
        return set()
    owners = (journal_owner(path.name) for path in state.checkpoints.iterdir())
    return {owner[1] for owner in owners if owner is not None and owner[0] is kind}


def _running(state: StatePaths) -> set[str]:
    """Labels of the items on which a child works right now, of a batch that goes on elsewhere."""
    processes = SystemProcesses(state)
    found = (child for run in unclosed_runs(state) for child in children(run))
    return {child.label for child in found if processes.is_alive(child)}


def _hash(source: Path) -> str:
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # the item fails by itself when it is run


def _journals(state: StatePaths, items: Iterable[Item]) -> dict[str, JournalSnapshot]:
    found = {item.label: read_journal(state.journal_of(item)) for item in items}
    return {
        label: JournalSnapshot(
            steps=journal.steps,
            error=journal.problem or journal.notes.get(FAILURE_NOTE, ""),
            input_hash=journal.identity.input_hash if journal.identity else "",
        )
        for label, journal in found.items()
        if journal is not None
    }
