"""A structured issue, put together from an idea brief."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from agentos.documents.checklist import without_box
from agentos.documents.code_context import CodeContext
from agentos.documents.markdown import Block, Code, ListItem, Paragraph, Table
from agentos.documents.mentions import mentioned_files
from agentos.documents.rendering import heading, list_item, paragraph, render_blocks
from agentos.documents.source import Source, Statement
from agentos.documents.writing import code_span
from agentos.models.embedded.wording import (
    CRITERIA_QUESTION,
    FILES_QUESTION,
    ISSUE_NOTE,
    SECURITY_QUESTION,
)

_ASKS = re.compile(
    r"\b(?:should|must|shall|please|needs? to be|(?:we|I) (?:need|want)|would like"
    r"|would be (?:nice|good|great))\b"
    r"|\A(?:add|allow|let|make|provide|remove|rename|replace|show|support)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(r"`[^`]*`")
_SENTENCE_END = re.compile(r"(?<!\b[A-Z])(?<!e\.g)(?<!i\.e)[.!?][)\"']*\s+(?=[\"'(`*_\[]*[A-Z`])")


def draft_issue(brief: Source, context: CodeContext, added_files: Iterable[str] = ()) -> str:
    """The document. `added_files` are listed beside the files that the brief mentions."""
    requirements, notes = wishes(brief)
    objective = render_blocks(brief.objective)
    if not objective and requirements:
        objective = paragraph(requirements[0].text)
    background = render_blocks(_background(brief))
    listed = [f"{code_span(f.path)}{': ' if f.note else ''}{f.note}" for f in brief.files]
    mentioned = (*mentioned_files(brief.prose, context.files), *added_files)
    named = {file.path for file in brief.files}
    listed += [code_span(path) for path in dict.fromkeys(mentioned) if path not in named]
    questions = [list_item(question) for question in _questions(brief, bool(listed))]
    parts = [
        "# " + heading(brief.title or "Untitled"),
        f"> {ISSUE_NOTE}",
        "## Objective",
        objective or _gap("what is to be achieved"),
        *_kept("Background", background),
        "## Requirements",
        _listed(requirements) or _gap("what exactly has to be true"),
        render_blocks(notes),
        *(["## Files to Create/Modify", "\n".join(map(list_item, listed))] if listed else []),
        "## Acceptance Criteria",
        _listed(brief.criteria, "[ ] ") or _gap("how one sees that it is done"),
        *_kept("Security", render_blocks(brief.security)),
        *_kept("Risks", render_blocks(brief.risks)),
        *_kept("Out of Scope", render_blocks(brief.out_of_scope)),
        "## Open Questions",
        "\n".join(questions) or "None.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def wishes(brief: Source) -> tuple[tuple[Statement, ...], tuple[Block, ...]]:
    """What the brief asks for, one by one, and what stands beside: examples, tables.

    These are the requirements that it lists, else the sentences of its idea. Without either it is
    what asks for something in its objective, or in the text before its headings.
    """
    if brief.requirements:
        return brief.requirements, brief.notes
    if brief.proposal:
        statements, beside = _sentence_by_sentence(brief.proposal)
    else:
        statements, beside = _sentence_by_sentence(_asking(brief.objective or brief.introduction))
    return tuple(statements), (*beside, *brief.notes)


def _sentence_by_sentence(idea: Sequence[Block]) -> tuple[list[Statement], list[Block]]:
    statements: list[Statement] = []
    beside: list[Block] = []
    above: list[tuple[int, int]] = []  # of the entries above: depth and index
    lead: int | None = None  # the sentence that announces the list under it
    for block, following in zip_longest(idea, idea[1:]):
        if isinstance(block, Code | Table):
            beside.append(block)
        elif isinstance(block, ListItem):
            above = [entry for entry in above if entry[0] < block.depth]
            part_of = above[-1][1] if above else lead
            above.append((block.depth, len(statements)))
            text = without_box(block.text)
            statements.append(Statement(text, part_of, block.code, block.number))
        elif isinstance(following, Code | Table) and block.text.endswith(":"):
            beside.append(block)
        else:
            statements += [Statement(sentence) for sentence in _sentences(block.text)]
            lead = len(statements) - 1 if block.text.endswith(":") else None
    return statements, beside


def _asking(content: Sequence[Block]) -> list[Block]:
    """The sentences that ask for something, and the lists below them or with no text above."""
    kept: list[Block] = []
    is_asked = True
    for block in content:
        if isinstance(block, Paragraph):
            asked = [s for s in _sentences(block.text) if _ASKS.search(s)]
            kept += map(Paragraph, asked)
            is_asked = bool(asked) and block.text.endswith(asked[-1])
        elif isinstance(block, ListItem) and (is_asked or _ASKS.search(block.text)):
            kept.append(block)
    return kept


def _background(brief: Source) -> list[Block]:
    is_idea_elsewhere = brief.requirements or brief.proposal or brief.objective
    taken = [] if is_idea_elsewhere else _asking(brief.introduction)
    blocks = [*(b for b in brief.introduction if b not in taken), *brief.background]
    if brief.requirements:
        blocks += brief.proposal
    if brief.users:
        blocks += [Paragraph("Who needs it:"), *brief.users]
    return [*blocks, *brief.rest]


def _sentences(text: str) -> Iterator[str]:
    masked = _SPAN.sub(lambda span: "`" * len(span[0]), text)  # no sentence ends inside code
    start = 0
    for end in _SENTENCE_END.finditer(masked):
        yield text[start : end.end()].strip()
        start = end.end()
    yield text[start:].strip()


def _listed(statements: Sequence[Statement], mark: str = "") -> str:
    entries: list[ListItem] = []
    for statement in statements:
        above = None if statement.part_of is None else entries[statement.part_of]
        text = mark + paragraph(statement.text)
        depth = above.depth + 1 if above else 0
        entries.append(ListItem(text, depth, statement.code, statement.number))
    return render_blocks(entries)


def _kept(title: str, content: str) -> list[str]:
    return [f"## {title}", content] if content else []


def _gap(missing: str) -> str:
    """A section that stays empty, so that nobody takes the remark for content."""
    return f"<!-- The brief does not say {missing}. -->"


def _questions(brief: Source, has_files: bool) -> Iterator[str]:
    for block in brief.questions:
        if not isinstance(block, Code | Table):
            yield paragraph(block.text)
    if not has_files:
        yield FILES_QUESTION
    if not brief.criteria:
        yield CRITERIA_QUESTION
    if not brief.security:
        yield SECURITY_QUESTION
