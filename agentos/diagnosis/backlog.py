"""The backlog: whether there is one, and whether every file of it can be worked on."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from agentos.backlog.briefs import find_briefs
from agentos.backlog.entries import Backlog
from agentos.backlog.issues import find_issues
from agentos.backlog.strays import markdown_in
from agentos.core.errors import BacklogError, ItemError, UnsafePathError
from agentos.core.items import Item, Kind
from agentos.diagnosis import left_out, links, numbers
from agentos.diagnosis.access import is_readable, opened
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, warning
from agentos.diagnosis.git import is_tracked
from agentos.diagnosis.left_out import OPEN_FOLDERS
from agentos.diagnosis.surroundings import Surroundings
from agentos.item_runner import read_source
from agentos.publishing.index import index_path, read_index
from agentos.workflows.task import source_text
from agentos.workspace.places import find_backlog
from agentos.workspace.survey import has_backlog

_MOST_TOLD = 5  # files with the same fault

_FINDERS: Mapping[Kind, Callable[[Path], Backlog]] = {
    Kind.LLD: find_issues,
    Kind.ISSUE: find_briefs,
}
_SUBJECTS = {Kind.LLD: "issues", Kind.ISSUE: "briefs"}


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Each kind of item that the project has; that it has none is a fault, too."""
    kinds = [kind for kind in Kind if has_backlog(surroundings.project, kind)]
    for kind in kinds or [Kind.LLD]:
        yield from _kind(surroundings, kind)


def check_index(surroundings: Surroundings) -> Iterator[Finding]:
    """The index of finished items."""
    root = surroundings.project.root
    path = index_path(root)
    try:
        finished = len(read_index(root))
    except UnsafePathError:
        return  # the look at the documents tells
    except BacklogError as error:
        command = surroundings.set_aside(path)
        if is_tracked(surroundings, path):
            there = path.relative_to(root)
            command = f"git -C {surroundings.word(root)} checkout HEAD -- {there}"
        yield fault_of("index", error, command)
    else:
        yield ok("index", f"{finished or 'no'} finished item{'' if finished == 1 else 's'}")


def _kind(surroundings: Surroundings, kind: Kind) -> Iterator[Finding]:
    subject, root = _SUBJECTS[kind], surroundings.project.root
    folder = root / OPEN_FOLDERS[kind]
    if folder.is_dir() and not is_readable(folder):
        yield fault(
            subject,
            f"{surroundings.name(folder)} cannot be read: {os.strerror(errno.EACCES)}",
            command=opened(surroundings, folder),
        )
        return
    try:
        backlog = _FINDERS[kind](root)
    except UnsafePathError as error:
        yield _link_fault(surroundings, subject, error)
        return
    except BacklogError as error:
        has_twins = kind is Kind.LLD and folder.is_dir()
        twins = list(numbers.shared_numbers(surroundings, subject)) if has_twins else []
        yield from twins or [fault_of(subject, error, _mend(surroundings, kind))]
        return
    items = [entry.item for entry in backlog.entries if entry.is_open]
    if backlog.entries:
        closed = len(backlog.entries) - len(items)
        yield ok(subject, f"{len(items)} open" + (f", {closed} closed" if closed else ""))
    elif kind is Kind.LLD:
        yield warning(subject, "issues/ holds no issue yet", command=surroundings.agentos("init"))
    else:
        yield ok(subject, "none yet")
    yield from _unusable(surroundings, subject, items)
    yield from left_out.check(surroundings, subject, kind)


def _mend(surroundings: Surroundings, kind: Kind) -> str:
    """What makes a backlog that can be read of one that cannot."""
    folder = surroundings.project.root / OPEN_FOLDERS[kind]
    if os.path.lexists(folder) and not folder.is_dir():
        return surroundings.set_aside(folder)
    if kind is Kind.ISSUE:
        return left_out.moved_briefs(surroundings, markdown_in(folder.parent))
    found = find_backlog(surroundings.project.root)
    if files := found.unnumbered or found.other:
        return numbers.numbering(surroundings, files)
    if found.places:  # where `agentos init` by itself would copy nothing
        adopted = surroundings.project.root / found.places[0].folder
        return surroundings.agentos("init", "--adopt", surroundings.typed(adopted))
    return surroundings.agentos("init")


def _unusable(surroundings: Surroundings, subject: str, items: list[Item]) -> Iterator[Finding]:
    """Files over which their item would fail."""
    found = (finding for item in items for finding in _file(surroundings, item))
    yield from islice(found, _MOST_TOLD)
    if more := sum(1 for _ in found):
        yield fault(subject, f"{more} more cannot be used either")


def _file(surroundings: Surroundings, item: Item) -> Iterator[Finding]:
    if not is_readable(item.source):
        sentence = f"{surroundings.name(item.source)} is closed to you"
        yield fault(item.label, sentence, command=opened(surroundings, item.source))
        return
    try:
        source_text(item.source.name, read_source(item.source))
    except ItemError as error:
        yield fault_of(item.label, error, surroundings.edit(item.source))


def _link_fault(surroundings: Surroundings, subject: str, error: UnsafePathError) -> Finding:
    if error.link is None:
        return fault_of(subject, error)
    command = links.folder_in_place(surroundings, error.link)
    return fault(subject, str(error), hint=links.target(error.link), command=command)
