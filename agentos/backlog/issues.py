"""The issues of a project, each of them an LLD to write: `issues/NNN-slug.md`."""

from pathlib import Path

from agentos.backlog.entries import Backlog, BacklogEntry
from agentos.backlog.files import backlog_files, read_head, shown, title_from_name
from agentos.core.errors import BacklogError
from agentos.core.identifiers import issue_number
from agentos.core.items import Item, Kind


def find_issues(project: Path) -> Backlog:
    """All issues in the order of their numbers, closed ones too.

    Raises BacklogError where the folder is missing or two files have one number, and
    UnsafePathError where the folder is a symlink.
    """
    folder = project / "issues"
    files, notices = backlog_files(folder, project, lambda name: issue_number(name) is not None)
    if not folder.is_dir():
        raise BacklogError(
            f"There is no folder {folder}",
            "make it and put a file into it for each issue, such as issues/001-first-step.md,"
            " or name another project with --project",
        )
    by_number: dict[str, list[Path]] = {}
    numbered = ((number, file) for file in files if (number := issue_number(file.name)))
    for number, file in numbered:
        by_number.setdefault(number, []).append(file)
    for number, same in by_number.items():
        if len(same) > 1:
            names = " and ".join(shown(file, project) for file in same)
            raise BacklogError(
                f"Issue {number} exists more than once: {names}",
                "give each of these files a number of its own",
            )
    entries = (_entry(number, by_number[number][0]) for number in sorted(by_number, key=int))
    return Backlog(Kind.LLD, tuple(entries), tuple(notices))


def _entry(number: str, source: Path) -> BacklogEntry:
    head = read_head(source)
    slug = source.stem.partition("-")[2]
    title = head.title or title_from_name(slug, f"Issue {number}")
    return BacklogEntry(Item(Kind.LLD, number, title, source), is_open=not head.is_closed)
