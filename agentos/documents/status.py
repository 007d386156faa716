"""The line under a document's title that says how it stands."""

import re
from collections.abc import Sequence

from agentos.core.outcomes import Outcome
from agentos.documents.front_matter import split_front_matter
from agentos.documents.markdown import Section, normalized, sections
from agentos.documents.verdict import Finding, is_rendered_finding, render_finding

_RULE = re.compile(r"\A\ufeff?---")
_STATUS = re.compile(r"Status: (?P<word>approved|needs revision)[ \t]*", re.IGNORECASE)
MISSING = "Missing Before Approval"
"""The heading of what a revision is asked for."""


def is_status_line(line: str) -> bool:
    """Whether a line is one that `stamp` writes under a title."""
    return _STATUS.fullmatch(line) is not None


def status_of(document: str) -> Outcome | None:
    """What the line under the title says, written by `stamp` or a person; None without one."""
    content = _split_after_title(_split_front(normalized(document))[1])[1]
    match = _STATUS.fullmatch(content.lstrip("\n").partition("\n")[0])
    return Outcome(match["word"].lower().replace(" ", "_")) if match else None


def stamp(document: str, outcome: Outcome, findings: Sequence[Finding]) -> str:
    """The document with its status under the H1 and, for a revision, what is missing.

    An earlier stamp is replaced, so that stamping twice is the same as once. A text without an H1
    gets the line at its beginning. Raises ValueError for an outcome that no document has.
    """
    if not outcome.is_finished:
        raise ValueError(f"A document cannot be {outcome}")
    front, body = _split_front(normalized(document).replace("\ufeff", "").lstrip("\n"))
    title, content = _split_after_title(_without_list(body))
    introduction, rest = _split_at_heading(_without_status(content))
    status = "Status: approved" if outcome is Outcome.APPROVED else "Status: needs revision"
    listed = ""
    if outcome is Outcome.NEEDS_REVISION and findings:
        lines = [f"## {MISSING}", "", *(render_finding(finding) for finding in findings)]
        listed = "\n".join(lines)
    stamped = _joined(title, status, introduction, listed, rest)
    if listed and not _lists(stamped):  # the introduction opens a code block and never closes it
        stamped = _joined(title, status, listed, introduction, rest)
    return front + stamped


def _split_front(text: str) -> tuple[str, str]:
    """The front matter as it was written, with its last line ended, and the body.

    What begins with a rule and is no front matter gets another rule: with a status below its title
    it could be read as front matter, and what follows as the status.
    """
    try:
        body = split_front_matter(text)[1]
    except ValueError:
        return "", _RULE.sub("***", text, count=1)
    front = text.removesuffix(body)
    return (front if front.endswith("\n") or not front else f"{front}\n"), body


def _lists(body: str) -> list[Section]:
    return [section for section in sections(body) if section.title == MISSING]


def _without_list(body: str) -> str:
    lines = body.split("\n")
    for section in reversed(_lists(body)):
        end = section.content
        while end < section.end and (not lines[end].strip() or is_rendered_finding(lines[end])):
            end += 1
        lines[section.start : end] = [""]
    return "\n".join(lines)


def _split_after_title(body: str) -> tuple[str, str]:
    title = next((section for section in sections(body) if section.level == 1), None)
    lines = body.split("\n")
    cut = title.content if title else 0
    return "\n".join(lines[:cut]), "\n".join(lines[cut:])


def _without_status(content: str) -> str:
    lines = content.split("\n")
    while lines and (not lines[0].strip() or is_status_line(lines[0])):
        del lines[0]
    return "\n".join(lines)


def _split_at_heading(text: str) -> tuple[str, str]:
    introduction = sections(text)[0]
    lines = text.split("\n")
    return "\n".join(lines[: introduction.end]), "\n".join(lines[introduction.end :])


def _joined(*parts: str) -> str:
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"
