"""What a project has to work on before `agentos init` does anything, and where more may lie."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from agentos.backlog.briefs import find_briefs, has_brief_folder
from agentos.backlog.issues import find_issues
from agentos.backlog.strays import Strays, is_markdown, markdown_in, strays_of
from agentos.core.errors import BacklogError, UnsafePathError
from agentos.core.identifiers import issue_number
from agentos.core.paths import IDEAS, ISSUES, confined

_PLACES = """
    docs/issues doc/issues .issues issue backlog docs/backlog tickets docs/tickets tasks docs/tasks
    todo todos docs/todo bugs features
    """

_ABOUT_A_PROJECT = re.compile(
    r"changes|history|news|licen[cs]e.*|copying|notice|authors|contributors|maintainers|credits"
    r"|governance|security|support|install(ation)?|architecture|design|roadmap|releas(es|ing)"
    r"|upgrading|migration|development|hacking|faq|glossary"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder below the project, `.` for the project itself, and how many files it could give.

    `holds_issues` is for that of the issues itself: its files are numbered, those of others copied.
    """

    folder: str
    count: int
    holds_issues: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is. `unnumbered` are Markdown files of issues/, by name, that have no number.

    `other` are files of issues/ that hold text, but no Markdown; `misplaced` are Markdown files of
    ideas/ itself. `places` are folders where issues may lie instead, told only where there is none.
    """

    issues: int = 0
    open_issues: int = 0
    briefs: int = 0
    open_briefs: int = 0
    unnumbered: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def has_backlog(self) -> bool:
        """Whether there is something to work on, or was."""
        return bool(self.issues or self.briefs)


def find_backlog(project: Path) -> Findings:
    """Look, and write nothing.

    Raises BacklogError for a backlog that contradicts itself or cannot be read, UnsafePathError
    where one of its folders is a symlink.
    """
    strays, numbered = _issues_folder(project)
    issues = find_issues(project).entries if numbered else ()
    briefs = find_briefs(project).entries if has_brief_folder(project) else ()
    unnumbered = tuple(name for name in strays.markdown if issue_number(name) is None)
    return Findings(
        issues=len(issues),
        open_issues=sum(entry.is_open for entry in issues),
        briefs=len(briefs),
        open_briefs=sum(entry.is_open for entry in briefs),
        unnumbered=unnumbered,
        other=strays.other,
        misplaced=markdown_in(project / IDEAS),
        places=() if issues or unnumbered else _places(project, strays),
    )


def may_be_issue(name: str, *, is_root: bool) -> bool:
    """Whether the name is one of an issue; a project's own folder holds more about the project."""
    stem = PurePath(name.casefold()).stem.replace("-", "_")
    return is_markdown(name) and not (is_root and _ABOUT_A_PROJECT.fullmatch(stem))


def _issues_folder(project: Path) -> tuple[Strays, bool]:
    """What could be issues by its look, and whether there are files with a number."""
    folder = confined(project / ISSUES, project)
    if not folder.exists():
        return Strays(), False
    try:
        strays = strays_of(folder)
        return strays, any(issue_number(path.name) is not None for path in folder.iterdir())
    except OSError as error:
        raise BacklogError(
            f"{folder} cannot be read: {error.strerror}", "it has to be a folder that you may read"
        ) from None


def _places(project: Path, strays: Strays) -> tuple[Place, ...]:
    folders = [*(f"{ISSUES}/{name}" for name in strays.folders), *_PLACES.split()]
    counts = [(folder, _count(project, folder)) for folder in folders]
    in_root = [name for name in markdown_in(project) if may_be_issue(name, is_root=True)]
    return tuple(Place(folder, n) for folder, n in [*counts, (".", len(in_root))] if n)


def _count(project: Path, folder: str) -> int:
    try:
        return len(markdown_in(confined(project / folder, project)))
    except UnsafePathError:
        return 0
