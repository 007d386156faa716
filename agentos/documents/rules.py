"""Structural rules for a document that a model wrote, whichever model it was."""

import re
from collections.abc import Iterable, Iterator

from agentos.documents.front_matter import split_front_matter
from agentos.documents.headings import Role, plain_heading, role_of
from agentos.documents.markdown import Code, ListItem, Table, blocks, sections
from agentos.documents.source import is_placeholder, parse_source
from agentos.documents.verdict import Finding

LLD_SECTIONS = (
    "Objective",
    "Requirements",
    "Files",
    "Design",
    "Test Scenarios",
    "Security",
    "Risks",
    "Open Questions",
)
ISSUE_SECTIONS = ("Objective", "Requirements", "Acceptance Criteria")

_ALIASES = {
    "tests": "test scenarios",
    "test plan": "test scenarios",
    "testing": "test scenarios",
    "technical design": "design",
    "detailed design": "design",
}
_REQUIREMENT = re.compile(r"\A\W*R(?P<number>\d{1,6})\b\W*")
_REFERENCE = re.compile(r"\bR(?P<first>\d{1,6})(?:\s*[-\u2013]\s*R?(?P<last>\d{1,6}))?\b")
_UNNUMBERED = Finding("unnumbered", "The draft numbers no requirement: list them as R1, R2, ...")
_TITLE = "# title"  # a key that no heading has
_SHOWN = 60  # characters of a text that a finding quotes


def check_lld(draft: str, source: str) -> tuple[Finding, ...]:
    """What the form of a design lacks. `source` is the issue that it was written for.

    Raises ValueError where the issue's front matter is malformed.
    """
    parts = _parts(draft)
    if not _is_document(parts, LLD_SECTIONS):
        return (_no_document(draft),)
    findings = [*_sections(parts, LLD_SECTIONS), *_placeholders(parts)]
    if "Requirements" in _present(parts, LLD_SECTIONS):
        numbers = _numbers(parts[_key("Requirements")])
        findings += _numbering(numbers)
        findings += _untested(numbers, parts.get(_key("Test Scenarios"), ""))
    return (*findings, *_dropped_files(parts.get(_key("Files"), ""), source))


def check_issue(draft: str, source: str) -> tuple[Finding, ...]:
    """What the form of an issue lacks. `source` is the brief that it was written from.

    Raises ValueError where the brief's front matter is malformed.
    """
    parts = _parts(draft)
    if not _is_document(parts, ISSUE_SECTIONS):
        return (_no_document(draft),)
    findings = [*_sections(parts, ISSUE_SECTIONS), *_placeholders(parts)]
    for name in ("Requirements", "Acceptance Criteria"):
        content = blocks(parts.get(_key(name), ""))
        if content and not any(isinstance(block, ListItem | Table) for block in content):
            findings.append(
                Finding("no-list", f"`## {name}` has no entries: list them one by one.")
            )
    return (*findings, *_dropped_files(draft, source))


def causes(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, without those of the form that come from what a reviewer misses in the source.

    A draft lists no requirement, for example, because the issue has none.
    """
    found = tuple(findings)
    explained = {
        "no-requirements": {_UNNUMBERED},
        "no-idea": {_empty("Objective"), _empty("Requirements")},
        "no-acceptance-criteria": {_empty("Acceptance Criteria")},
    }
    effects = {effect for finding in found for effect in explained.get(finding.rule, ())}
    return tuple(finding for finding in found if finding not in effects)


def _key(title: str) -> Role | str:
    """What a section is known by, whichever of its names the draft uses."""
    name = plain_heading(title)
    return role_of(title) or _ALIASES.get(name, name)


def _parts(draft: str) -> dict[Role | str, str]:
    """The text of each section, its subsections included; the H1 itself under _TITLE."""
    try:
        body = split_front_matter(draft)[1]
    except ValueError:  # a draft that begins with a rule
        body = draft
    found = sections(body)
    title = next((section for section in found if section.level == 1), None)
    others = [section for section in found if section.level and section is not title]
    top = min((section.level for section in others), default=0)
    parts: dict[Role | str, str] = {_TITLE: title.title} if title else {}
    key: Role | str = ""
    for section in others:
        if section.level == top:
            key = _key(section.title)
        parts[key] = f"{parts[key]}\n\n{section.text}" if key in parts else section.text
    return parts


def _present(parts: dict[Role | str, str], required: tuple[str, ...]) -> list[str]:
    return [name for name in required if _key(name) in parts]


def _is_document(parts: dict[Role | str, str], required: tuple[str, ...]) -> bool:
    return len(_present(parts, required)) >= (1 if _TITLE in parts else 2)


def _no_document(draft: str) -> Finding:
    begins = " ".join(draft.split())[:_SHOWN]
    told = f"it begins with: {begins}" if begins else "it is empty"
    return Finding("not-a-document", f"The draft is no document with the required sections; {told}")


def _sections(parts: dict[Role | str, str], required: tuple[str, ...]) -> Iterator[Finding]:
    if is_placeholder(parts.get(_TITLE, "").removeprefix("LLD:")):
        yield Finding("no-title", "The draft has no title: begin it with a line `# ...`.")
    for name in required:
        if _key(name) not in parts:
            yield Finding("missing-section", f"The section `## {name}` is missing.")
        elif not blocks(parts[_key(name)]):
            yield _empty(name)


def _empty(name: str) -> Finding:
    return Finding("empty-section", f"The section `## {name}` is empty.")


def _placeholders(parts: dict[Role | str, str]) -> Iterator[Finding]:
    for key, text in parts.items():
        if key == _TITLE:
            continue
        name = key if isinstance(key, str) else key.name.lower().replace("_", " ")
        for line in _lines(text):
            if is_placeholder(line):
                message = f"A placeholder stands under {name}: {line[:_SHOWN] or 'nothing'}"
                yield Finding("placeholder", message)


def _lines(text: str) -> Iterator[str]:
    """What could be a placeholder: paragraphs, list items, and cells that hold words or dots."""
    for block in blocks(text):
        if isinstance(block, Table):
            cells = (cell for row in block.rows for cell in row)
            yield from (cell for cell in cells if re.search(r"\w|\.\.\.|\u2026", cell))
        elif isinstance(block, ListItem):
            if not block.code:
                yield _REQUIREMENT.sub("", block.text)
        elif not isinstance(block, Code):
            yield block.text


def _numbers(text: str) -> list[int]:
    """The numbers under which requirements are listed: `- **R1** ...`, `| R1 | ...`, or prose."""
    listed: list[str] = []
    prose: list[str] = []
    for block in blocks(text):
        if isinstance(block, Table):
            listed += [row[0] for row in block.rows]
        elif isinstance(block, ListItem):
            listed.append(block.text)
        elif not isinstance(block, Code):
            prose.append(block.text)
    for heads in (listed, prose):
        if numbers := [int(match["number"]) for h in heads if (match := _REQUIREMENT.match(h))]:
            return numbers
    return []


def _numbering(numbers: list[int]) -> Iterator[Finding]:
    if not numbers:
        yield _UNNUMBERED
    elif numbers != list(range(1, len(numbers) + 1)):
        listed = ", ".join(f"R{number}" for number in numbers[:20])
        yield Finding("numbering", f"The requirements are not numbered R1, R2, ...: {listed}")


def _untested(numbers: list[int], tests: str) -> Iterator[Finding]:
    tested = [
        (int(match["first"]), int(match["last"] or match["first"]))
        for match in _REFERENCE.finditer(tests)
    ]
    for number in numbers:
        if not any(first <= number <= last for first, last in tested):
            yield Finding("untested", f"R{number} has no test scenario.")


def _dropped_files(text: str, source: str) -> Iterator[Finding]:
    for file in parse_source(source).files:
        if file.path not in text:
            yield Finding("missing-file", f"`{file.path}` is named in the source and not here.")
