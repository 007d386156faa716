"""The idea briefs of a project, each of them an issue to write: `ideas/active/*.md`."""

import itertools
from pathlib import Path

from agentos.backlog.entries import Backlog, BacklogEntry
from agentos.backlog.files import backlog_files, read_head, title_from_name
from agentos.core.errors import BacklogError
from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH, slugify
from agentos.core.items import Item, Kind


def find_briefs(project: Path) -> Backlog:
    """All briefs by file name; those in `ideas/active` are open, those in `ideas/done` are not.

    An id is the slug of the file name, with `-2` and so on where it is taken. Those in done choose
    first: `move_brief_to_done` keeps or gives them a name that says their id, and a new brief must
    not take it. Raises BacklogError where both folders are missing, UnsafePathError where one is a
    symlink.
    """
    done, active = project / "ideas" / "done", project / "ideas" / "active"
    notices: list[str] = []
    files: list[Path] = []
    for folder in (done, active):
        found, left_out = backlog_files(folder, project, lambda _: True)
        files += found
        notices += left_out
    if not active.is_dir() and not done.is_dir():
        raise BacklogError(
            f"There is no folder {active}",
            "make it and put a file into it for each idea, such as ideas/active/dark-mode.md,"
            " or name another project with --project",
        )
    taken: set[str] = set()
    entries = [_entry(_free_id(file.stem, taken), file, active) for file in files]
    entries.sort(key=lambda entry: entry.item.source.name)
    return Backlog(Kind.ISSUE, tuple(entries), tuple(notices))


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
