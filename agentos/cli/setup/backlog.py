"""The part of `agentos init` that numbers or copies Markdown files, or writes a first issue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentos.backlog.briefs import misplaced_notice
from agentos.backlog.files import as_text
from agentos.cli.questions import Questions
from agentos.cli.setup.report import Report
from agentos.core.errors import UsageError
from agentos.core.paths import ISSUES
from agentos.workspace.adoption import read_adoptable
from agentos.workspace.example_issue import EXAMPLE_ISSUE, EXAMPLE_NAME
from agentos.workspace.places import Findings, Place, find_backlog, may_be_issue
from agentos.workspace.project import Project
from agentos.workspace.scaffold import (
    check_issues,
    check_writable,
    copy_issues,
    number_issues,
    write_new,
)

_MOST_TOLD = 10  # files that are not copied, one by one


@dataclass(frozen=True, slots=True)
class Adopted:
    """A folder whose Markdown files become issues: contents by name, and who is left out."""

    shown: str
    contents: Mapping[str, bytes] = field(repr=False)
    left_out: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """What stands before the names of its files."""
        return "" if self.shown == "." else f"{as_text(self.shown)}/"


@dataclass(frozen=True, slots=True)
class BacklogPlan:
    """What is to be done with what was found."""

    found: Findings
    number: bool = False
    adopted: tuple[Adopted, ...] = ()
    declined: bool = False

    @property
    def left(self) -> tuple[Place, ...]:
        """Folders whose Markdown files are no issues yet, and could be."""
        found = self.found
        if found.unnumbered and not self.number:
            return (Place(ISSUES, len(found.unnumbered), holds_issues=True),)
        return () if self.adopted or self.declined else found.places

    @property
    def needs_example(self) -> bool:
        """Whether there is nothing that could be worked on instead."""
        found = self.found
        if found.has_backlog or found.unnumbered or found.other or found.misplaced:
            return False
        is_nothing_adopted = not any(folder.contents for folder in self.adopted)
        return is_nothing_adopted and (bool(self.adopted) or self.declined or not found.places)


def plan_backlog(project: Project, adopt: Path | None, questions: Questions | None) -> BacklogPlan:
    """Look at the project and the folder `adopt`, and ask what only the user can say.

    Raises UsageError for a folder that cannot be adopted, and as `find_backlog` does.
    """
    found = find_backlog(project.root)
    folder = None if adopt is None else _opened(adopt)
    number = folder == project.root / ISSUES
    adopted = [] if folder is None or number else [_wanted(folder, str(adopt), project)]
    declined = False
    if questions is not None:
        if found.unnumbered and not number:
            number = questions.confirm(_may_number(found), default=True)
        for place in found.places if adopt is None else ():
            if questions.confirm(_may_copy(place), default=place.folder != "."):
                adopted.append(_read(project.root / place.folder, place.folder, project))
            else:
                declined = True
    return BacklogPlan(found, number, tuple(adopted), declined)


def check_backlog(project: Project, plan: BacklogPlan) -> None:
    """Raise UsageError for what can be known to fail, before anything is written."""
    check_issues(project, renamed=plan.found.unnumbered if plan.number else ())
    for folder in plan.adopted:
        check_issues(project, copied=folder.contents)
    if plan.needs_example:
        check_writable(project.root / ISSUES)


def set_up_backlog(project: Project, plan: BacklogPlan, report: Report) -> bool:
    """Do it; whether there is an issue in the end. Raises UsageError where it cannot be written."""
    if plan.number:
        number_issues(project, plan.found.unnumbered, report.did)
    for folder in plan.adopted:
        _copy(project, folder, report)
    if plan.needs_example:
        write_new(project.root / ISSUES / EXAMPLE_NAME, EXAMPLE_ISSUE, project.root)
        report.did(f"wrote issues/{EXAMPLE_NAME}: an example; write your own issues beside it")
    there = find_backlog(project.root)
    if not plan.needs_example:
        _note_what_is_there(plan, there, report)
    _note_what_is_left(plan, report)
    return bool(there.issues)


def _opened(folder: Path) -> Path:
    try:
        opened = folder.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is a loop of symlinks"
        raise UsageError(f"the folder {folder} cannot be opened: {reason}") from None
    if not opened.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder of the Markdown files")
    return opened


def _wanted(folder: Path, shown: str, project: Project) -> Adopted:
    """What the user has named: a folder that gives nothing is a mistake."""
    adopted = _read(folder, shown.rstrip("/") or shown, project)
    if not adopted.contents:
        raise UsageError(
            f"{adopted.shown} holds no file that could be an issue",
            "; ".join(adopted.left_out)
            or "files called *.md or *.markdown are taken, but no README",
        )
    return adopted


def _read(folder: Path, shown: str, project: Project) -> Adopted:
    is_root = folder.resolve() == project.root
    contents, left_out = read_adoptable(folder, lambda name: may_be_issue(name, is_root=is_root))
    return Adopted(shown, contents, tuple(left_out))


def _copy(project: Project, folder: Adopted, report: Report) -> None:
    plan = copy_issues(project, folder.contents, folder.prefix, report.did)
    reasons = [
        *(
            f"{as_text(name)} is issues/{as_text(there)} already"
            for name, there in plan.there.items()
        ),
        *(f"{as_text(name)} equals {as_text(twin)}" for name, twin in plan.twins.items()),
        *folder.left_out,
    ]
    for reason in reasons[:_MOST_TOLD]:
        report.note(f"not copied: {folder.prefix}{reason}")
    if (more := len(reasons) - _MOST_TOLD) > 0:
        report.note(f"not copied: {more} more")


def _note_what_is_there(plan: BacklogPlan, there: Findings, report: Report) -> None:
    issues = f"{_count(there.issues, 'issue')} in issues/, {there.open_issues} open"
    if there.issues != plan.found.issues:
        report.note(f"there are now {issues}" if there.issues > 1 else f"there is now {issues}")
    elif there.issues:
        report.note(f"found {issues}")
    if there.briefs:
        report.note(f"found {_count(there.briefs, 'brief')} in ideas/, {there.open_briefs} open")


def _note_what_is_left(plan: BacklogPlan, report: Report) -> None:
    found = plan.found
    for place in plan.left:
        report.note(f"left out: {_unnumbered(found) if place.holds_issues else _holds(place)}")
    for name in found.other:
        report.note(f"left out: issues/{as_text(name)}, as an issue is a Markdown file")
    if found.misplaced:
        report.note(misplaced_notice(found.misplaced))


def _may_number(found: Findings) -> str:
    these = "it" if len(found.unnumbered) == 1 else "them"
    return f"{_unnumbered(found)}.\nRename {these}, each with a number of its own?"


def _unnumbered(found: Findings) -> str:
    names = found.unnumbered
    if len(names) == 1:
        return f"issues/{as_text(names[0])} is not called NNN-slug.md"
    return f"{len(names)} files of issues/ are not called NNN-slug.md, such as {as_text(names[0])}"


def _may_copy(place: Place) -> str:
    return f"{_holds(place)}.\nCopy to issues/, numbered?"


def _holds(place: Place) -> str:
    where = "the project's own folder" if place.folder == "." else f"{place.folder}/"
    return f"{where} may hold issues, {_count(place.count, 'Markdown file')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
