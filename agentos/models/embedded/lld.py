"""A low-level design, put together from an issue and the code that it is about."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from agentos.documents.code_context import CodeContext
from agentos.documents.markdown import Block
from agentos.documents.rendering import heading, list_item, render_blocks
from agentos.documents.source import Source, Statement
from agentos.documents.writing import code_span, table
from agentos.models.embedded.code_words import is_test
from agentos.models.embedded.design import design
from agentos.models.embedded.file_plan import PlannedFile, plan_files
from agentos.models.embedded.open_questions import open_questions
from agentos.models.embedded.test_scenarios import what_to_check
from agentos.models.embedded.wording import LLD_NOTE

_REFERENCE = re.compile(
    r"\b(?:steps?|points?|items?|requirements?|numbers?|no\.) #?\d", re.IGNORECASE
)


def draft_lld(source: Source, context: CodeContext, added_files: Iterable[str] = ()) -> str:
    """The document. `added_files` join the table of files beside those that the issue lists."""
    files = plan_files(source, context, added_files)
    objective = source.objective or source.introduction or source.proposal
    parts_beside = (
        source.introduction,
        source.background,
        source.proposal,
        source.users,
        source.rest,
    )
    background = [block for part in parts_beside if part is not objective for block in part]
    questions = [list_item(f"**Q{n}** {q}") for n, q in enumerate(open_questions(source, files), 1)]
    parts = [
        "# " + heading(f"LLD: {source.title or 'Untitled'}"),
        f"> {LLD_NOTE}",
        "## Objective",
        _told(objective, "The issue states no objective."),
        *(["## Background", render_blocks(background)] if background else []),
        "## Requirements",
        _requirements(source),
        *(["## Notes", render_blocks(source.notes)] if source.notes else []),
        "## Files",
        _files(files),
        "## Design",
        design(files, _statements(source), source.prose, context),
        "## Test Scenarios",
        _test_scenarios(source, files, context),
        "## Security",
        _told(source.security, "The issue says nothing about security."),
        "## Risks",
        _told(source.risks, "The issue names no risks."),
        *(["## Out of Scope", render_blocks(source.out_of_scope)] if source.out_of_scope else []),
        "## Open Questions",
        "\n".join(questions) or "None: the issue has something to say under every heading.",
    ]
    return "\n\n".join(parts) + "\n"


def _statements(source: Source) -> tuple[Statement, ...]:
    """What is numbered R1, R2, ...: the requirements, then the acceptance criteria."""
    return (*source.requirements, *source.criteria)


def _told(content: Sequence[Block], otherwise: str) -> str:
    return render_blocks(content) or f"{otherwise} See Open Questions."


def _requirements(source: Source) -> str:
    own, criteria = source.requirements, source.criteria
    parts = [
        *(["From the issue's requirements:", _numbered(own, 1)] if own else []),
        *(["From its acceptance criteria:", _numbered(criteria, 1 + len(own))] if criteria else []),
    ]
    return "\n\n".join(parts) or _told((), "The issue lists neither requirements nor criteria.")


def _numbered(statements: Sequence[Statement], first: int) -> str:
    lines = []
    # Where they refer to one another by numbers that are not ours.
    says_numbers = any(_REFERENCE.search(s.text) for s in statements) and any(
        s.number not in (None, n) for n, s in enumerate(statements, first)
    )
    for number, statement in enumerate(statements, first):
        known = []
        if statement.part_of is not None:
            known.append(f"part of R{first + statement.part_of}")
        if says_numbers and statement.number is not None:
            known.append(f"number {statement.number} in the issue")
        told = f" ({', '.join(known)})" if known else ""
        lines.append(list_item(f"**R{number}**{told} {statement.text}", statement.code))
    return "\n".join(lines)


def _files(files: Sequence[PlannedFile]) -> str:
    if not files:
        return _told((), "The issue names no files.")
    rows = []
    for file in files:
        otherwise = "the scenarios below" if is_test(file.path) else "the issue does not say"
        doubt = f" **Doubtful:** {file.doubt}" if file.doubt else ""
        rows.append((code_span(file.path), file.action or "none", (file.note or otherwise) + doubt))
    return table(("File", "Action", "What changes"), rows)


def _test_scenarios(source: Source, files: Sequence[PlannedFile], context: CodeContext) -> str:
    statements, criteria_after = _statements(source), len(source.requirements)
    if not statements:
        return _told((), "Without requirements there is nothing to test.")
    rows = []
    for number, statement in enumerate(statements, 1):
        text = statement.text
        if statement.code:
            text = f"{text.rstrip(' :')} (the example under R{number})"
        check = what_to_check(text, is_criterion=number > criteria_after)
        rows.append((f"T{number}", f"R{number}", text, check))
    return (
        f"{_test_files(files, context)}\n\n{table(('Test', 'Covers', 'Scenario', 'Check'), rows)}"
    )


def _test_files(files: Sequence[PlannedFile], context: CodeContext) -> str:
    """Where the tests go: the files that the issue names, else those that the modules have."""
    if named := [file.path for file in files if is_test(file.path)]:
        return f"The issue puts the tests into {_spans(named)}."
    stems = {PurePosixPath(file.path).stem for file in files}
    tests = [path for path in context.files if is_test(path)]
    if near := [p for p in tests if PurePosixPath(p).stem.removeprefix("test_") in stems]:
        return f"The issue names no test file; tests of these modules are in {_spans(near)}."
    folders = sorted({str(PurePosixPath(path).parent) for path in tests})
    where = f"; the project has tests in {_spans(folders)}" if folders else ""
    return f"The issue names no test file{where}."


def _spans(paths: Iterable[str]) -> str:
    return ", ".join(map(code_span, paths))
