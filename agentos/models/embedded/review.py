"""Review by rule: the draft compared with what it was made from."""

import re
from collections.abc import Iterator, Sequence

from agentos.documents.code_context import CodeContext
from agentos.documents.markdown import Code, Table, blocks
from agentos.documents.mentions import mentioned_files
from agentos.documents.source import Source, Statement, parse_source
from agentos.documents.verdict import Finding, Verdict
from agentos.models.embedded.issue import wishes
from agentos.models.embedded.wording import REVIEW_NOTE

_WORD = re.compile(r"\w{4,}")
_SAME = 0.6  # share of a statement's longer words that a paraphrase must keep
_PROSE_SUFFIXES = (".md", ".rst", ".txt")
_SHOWN = 80  # characters of a statement that a finding quotes


def review_lld(draft: str, source: Source, context: CodeContext) -> Verdict:
    """Whether an engineer could start from the design, as far as rules can tell."""
    findings = [*_too_thin(source, context)]
    findings += _missing((*source.requirements, *source.criteria), draft, "issue")
    listed = listed_files(draft)
    for path in mentioned_files(source.prose, context.files):
        if path not in listed and not path.endswith(_PROSE_SUFFIXES):
            message = (
                f"`{path}` is named in the issue's text, and the files table does not list it."
            )
            findings.append(Finding("unlisted-file", message))
    return _verdict(findings)


def review_issue(draft: str, brief: Source) -> Verdict:
    """Whether the issue says what its brief says, and whether that is enough to work from."""
    statements, _ = wishes(brief)
    findings: list[Finding] = []
    if not statements:
        message = "The brief does not say what is to be done: say it under `## Idea`."
        findings.append(Finding("no-idea", message))
    if not brief.criteria:
        message = (
            "The brief has no acceptance criteria: say under `## Acceptance Criteria` what is true"
            " when it is done."
        )
        findings.append(Finding("no-acceptance-criteria", message))
    findings += _missing((*statements, *brief.criteria), draft, "brief")
    return _verdict(findings)


def listed_files(draft: str) -> frozenset[str]:
    """The paths in a draft's section on files; none where the draft cannot be read."""
    try:
        return frozenset(file.path for file in parse_source(draft).files)
    except ValueError:
        return frozenset()


def _verdict(findings: Sequence[Finding]) -> Verdict:
    return Verdict(not findings, tuple(findings), REVIEW_NOTE)


def _too_thin(source: Source, context: CodeContext) -> Iterator[Finding]:
    """What an issue that cannot be designed from has to say; no revision of a draft mends it."""
    if not (source.objective or source.introduction or source.proposal):
        message = "The issue states no objective: say under `## Objective` what is to be achieved."
        yield Finding("no-objective", message)
    if not (source.requirements or source.criteria):
        message = (
            "The issue lists nothing that has to be true: list it under `## Requirements` or"
            " `## Acceptance Criteria`."
        )
        yield Finding("no-requirements", message)
    if not (source.criteria or source.files or mentioned_files(source.prose, context.files)):
        message = (
            "The issue says neither how one sees that it is done nor where the change goes: say the"
            " one under `## Acceptance Criteria` or the other under `## Files to Create/Modify`."
        )
        yield Finding("no-criteria-or-files", message)


def _missing(statements: Sequence[Statement], draft: str, origin: str) -> Iterator[Finding]:
    entries = [_words(text) for text in _entries(draft)]
    for statement in statements:
        words = _words(statement.text)
        if not any(len(words & entry) >= _SAME * len(words) for entry in entries):
            shown = statement.text[:_SHOWN] + ("..." if len(statement.text) > _SHOWN else "")
            yield Finding("dropped", f"The {origin} says, and the draft does not: {shown}")


def _entries(draft: str) -> Iterator[str]:
    for block in blocks(draft):
        if isinstance(block, Table):
            yield from (" ".join(row) for row in block.rows)
        elif not isinstance(block, Code):
            yield block.text


def _words(text: str) -> set[str]:
    """The longer words of a text, or all its words where none is long."""
    folded = text.casefold()
    return set(_WORD.findall(folded) or folded.split())
