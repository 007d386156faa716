"""The idea briefs of a project, each of them an issue to write: `ideas/active/*.md`."""

import itertools
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from agentos.backlog.entries import Backlog, BacklogEntry
from agentos.backlog.files import as_text, backlog_files, read_head, title_from_name
from agentos.backlog.hints import moving_briefs
from agentos.backlog.strays import markdown_in, named
from agentos.core.errors import BacklogError, Hint
from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH, slugify
from agentos.core.items import Item, Kind
from agentos.core.paths import ACTIVE_BRIEFS, DONE_BRIEFS, IDEAS

_NOTHING: Mapping[str, str] = MappingProxyType({})


def find_briefs(project: Path, known: Mapping[str, str] = _NOTHING) -> Backlog:
    """All briefs by file name; those in `ideas/active` are open, those in `ideas/done` are not.

    An id is the slug of the file name, with `-2` and so on where it is taken. Those in done choose
    first: `move_brief_to_done` keeps or gives them a name that says their id, and a new brief must
    not take it. Then those in active do whose file names `known` has, under the ids of its keys:
    an issue was made from them. Raises BacklogError where both folders are missing,
    UnsafePathError where one is a symlink.
    """
    done, active = _folders(project)
    notices: list[str] = []
    files: list[Path] = []
    for folder in (done, active):
        found, left_out = backlog_files(folder, project, lambda _: True)
        files += found
        notices += left_out
    misplaced = markdown_in(project / IDEAS)
    if not active.is_dir() and not done.is_dir():
        raise _no_folder(active, misplaced)
    if misplaced:
        notices.append(misplaced_notice(misplaced))
    taken: set[str] = set()
    closed = [file for file in files if file.parent == done]
    ids = {file: _free_id(file.stem, taken) for file in closed}
    for brief_id, name in known.items():
        file = active / name
        if file in files and file not in ids and brief_id not in taken:
            ids[file] = _free_id(brief_id, taken)
    ids |= {file: _free_id(file.stem, taken) for file in files if file not in ids}
    entries = [_entry(brief_id, file, active) for file, brief_id in ids.items()]
    entries.sort(key=lambda entry: entry.item.source.name)
    return Backlog(Kind.ISSUE, tuple(entries), tuple(notices))


def has_briefs(project: Path) -> bool:
    """Whether there is a folder for briefs, or Markdown where somebody may have put them."""
    return has_brief_folder(project) or bool(markdown_in(project / IDEAS))


def misplaced_notice(names: Sequence[str]) -> str:
    """What to say of Markdown files of ideas/ itself."""
    how = _how_to_move(names)
    return f"{_counted(names)} left out, as a brief is a file in ideas/active/; {how}"


def has_brief_folder(project: Path) -> bool:
    """Whether there is something in the place of a folder for briefs."""
    return any(os.path.lexists(folder) for folder in _folders(project))


def _folders(project: Path) -> tuple[Path, Path]:
    """Of those that are done and of those that are open."""
    return project / DONE_BRIEFS, project / ACTIVE_BRIEFS


def _no_folder(active: Path, misplaced: Sequence[str]) -> BacklogError:
    sentence = f"There is no folder {active}"
    if not misplaced:
        return BacklogError(
            sentence,
            "make it and put a file into it for each idea, such as ideas/active/dark-mode.md,"
            " or name another project with --project",
        )
    return BacklogError(f"{sentence}, and {_counted(misplaced)} not in it", _how_to_move(misplaced))


def _how_to_move(names: Sequence[str]) -> str:
    command = moving_briefs(names, lambda path: shlex.quote(as_text(path)))
    return Hint("", f"type, in the project: {command}")


def _counted(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{named(names, IDEAS)} is"
    return f"{len(names)} Markdown files of ideas/, {named(names, IDEAS)}, are"


def _free_id(stem: str, taken: set[str]) -> str:
    slug = slugify(stem)
    suffixes = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
    names = (
        slug[: MAX_IDENTIFIER_LENGTH - len(suffix)].rstrip("-") + suffix for suffix in suffixes
    )
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def _entry(brief_id: str, source: Path, active: Path) -> BacklogEntry:
    head = read_head(source)
    title = head.title or title_from_name(source.stem, f"Brief {brief_id}")
    is_open = source.parent == active and not head.is_closed
    return BacklogEntry(Item(Kind.ISSUE, brief_id, title, source), is_open=is_open)
