"""The issues of a project, each of them an LLD to write: `issues/NNN-slug.md`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from agentos.backlog.entries import Backlog, BacklogEntry
from agentos.backlog.files import as_text, backlog_files, read_head, shown, title_from_name
from agentos.backlog.hints import init_command
from agentos.backlog.strays import Strays, named, strays_of
from agentos.core.errors import BacklogError, Hint
from agentos.core.identifiers import issue_number
from agentos.core.items import Item, Kind
from agentos.core.paths import ISSUES

_MOST_SHOWN = 3


def find_issues(project: Path) -> Backlog:
    """All issues in the order of their numbers, closed ones too.

    Raises BacklogError where the folder is missing, where two files have one number, and where
    there are files of which none has one; UnsafePathError where the folder is a symlink.
    """
    folder = project / ISSUES
    files, notices = backlog_files(folder, project, lambda name: issue_number(name) is not None)
    if not folder.is_dir():
        raise BacklogError(
            f"There is no folder {folder}",
            Hint(
                "",
                "type: agentos init, which finds your issues or makes a first one, such as"
                " issues/001-first-step.md; or name another project with --project",
            ),
        )
    strays = _strays(folder)
    if not files and not notices:
        notices.append(_nothing_yet(strays, project))
    else:
        notices += _left_out(strays, project)
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


def _strays(folder: Path) -> Strays:
    """Files beside the issues, and folders, that could be issues but for their names."""
    found = strays_of(folder)
    unnumbered = tuple(name for name in found.markdown if issue_number(name) is None)
    return replace(found, markdown=unnumbered)


def _nothing_yet(strays: Strays, project: Path) -> str:
    """A notice about an empty folder; raises BacklogError for one whose files do not count."""
    if not strays:
        return "issues/ holds no issue yet: `agentos init` makes a first one"
    form = "an issue is a Markdown file called by its number, such as 001-dark-mode.md"
    if strays.markdown:
        names = _some(strays.markdown)
        sentence = f"No file of issues/ is called NNN-slug.md, so there is no issue: {names}"
        command = init_command(project, ISSUES)
    elif strays.folders:
        folder = f"{ISSUES}/{as_text(strays.folders[0])}"
        sentence = f"issues/ holds no issue itself, but {folder}/ holds Markdown files"
        command = init_command(project, folder)
    else:
        names = _some(strays.other)
        raise BacklogError(f"issues/ holds no Markdown file, only {names}", f"{form}: rename them")
    raise BacklogError(sentence, Hint(form, f"; to have that done, type: {command}"))


def _left_out(strays: Strays, project: Path) -> Iterator[str]:
    """Notices about what lies beside issues that were found."""
    if strays.markdown:
        these = "it" if len(strays.markdown) == 1 else "them"
        yield (
            f"{_counted(strays.markdown, 'Markdown files')} left out: an issue is called"
            f" NNN-slug.md; `{init_command(project, ISSUES)}` numbers {these}"
        )
    if strays.other:
        yield (
            f"{_counted(strays.other, 'files')} left out: an issue is a Markdown file called"
            " NNN-slug.md"
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(as_text, names[:_MOST_SHOWN]))
    return shown if len(names) <= _MOST_SHOWN else f"{shown} and {len(names) - _MOST_SHOWN} more"


def _counted(names: Sequence[str], what: str) -> str:
    if len(names) == 1:
        return f"{named(names, ISSUES)} is"
    return f"{len(names)} {what} of issues/, {named(names, ISSUES)}, are"


def _entry(number: str, source: Path) -> BacklogEntry:
    head = read_head(source)
    slug = source.stem.partition("-")[2]
    title = head.title or title_from_name(slug, f"Issue {number}")
    return BacklogEntry(Item(Kind.LLD, number, title, source), is_open=not head.is_closed)
