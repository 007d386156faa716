"""Files in or near the backlog's folders that are no items, and may be meant to be."""

from collections.abc import Iterator, Sequence

from agentos.backlog.hints import moving_briefs
from agentos.backlog.strays import markdown_in, strays_of
from agentos.core.items import Kind
from agentos.core.paths import ACTIVE_BRIEFS, ISSUES
from agentos.diagnosis import links, numbers
from agentos.diagnosis.finding import Finding, warning
from agentos.diagnosis.surroundings import Surroundings

_MOST_TOLD = 4

OPEN_FOLDERS = {Kind.LLD: ISSUES, Kind.ISSUE: ACTIVE_BRIEFS}
"""Where the open items of a kind lie."""


def check(surroundings: Surroundings, subject: str, kind: Kind) -> Iterator[Finding]:
    """Warnings about what a run passes over; raises OSError."""
    folder = surroundings.project.root / OPEN_FOLDERS[kind]
    for link in sorted(path for path in folder.glob("*.md") if path.is_symlink()):
        yield warning(
            subject,
            f"{surroundings.name(link)} is left out, as it is a symlink",
            hint=links.target(link),
            command=links.file_in_place(surroundings, link),
        )
    if kind is Kind.ISSUE:
        if names := markdown_in(folder.parent):
            where = "in ideas/ and not in ideas/active/"
            told = _told(names, f"lies {where}", f"lie {where}")
            yield warning(subject, told, command=moved_briefs(surroundings, names))
        return
    if unnumbered := numbers.unnumbered(folder):
        told = _told(
            unnumbered, "has no number, so it is no issue", "have no number, so they are no issues"
        )
        yield warning(subject, told, command=numbers.numbering(surroundings, unnumbered))
    if others := strays_of(folder).other:
        hint = "an issue is a Markdown file called NNN-slug.md"
        told = _told(
            others, "is no Markdown, so it is left out", "are no Markdown, so they are left out"
        )
        yield warning(subject, told, hint=hint)


def moved_briefs(surroundings: Surroundings, names: Sequence[str]) -> str:
    """The command that puts files of ideas/ where briefs are looked for."""
    return moving_briefs(names, lambda path: surroundings.word(surroundings.project.root / path))


def _told(names: Sequence[str], of_one: str, of_many: str) -> str:
    shown = ", ".join(names[:_MOST_TOLD])
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return f"{shown}{more} {of_one if len(names) == 1 else of_many}"
