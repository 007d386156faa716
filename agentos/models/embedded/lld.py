"""A low-level design, put together from an issue and the code that it is about."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from agentos.documents.code_context import CodeContext
from agentos.documents.markdown import Block, Paragraph
from agentos.documents.rendering import heading, list_item, render_blocks
from agentos.documents.source import Source, Statement
from agentos.documents.writing import code_span, table
from agentos.models.embedded.design import design, is_test
from agentos.models.embedded.file_plan import PlannedFile, plan_files
from agentos.models.embedded.open_questions import open_questions
from agentos.models.embedded.test_scenarios import what_to_check
from agentos.models.embedded.wording import ISSUE_NOTE, LLD_NOTE


def draft_lld(source: Source, context: CodeContext, added_files: Iterable[str] = ()) -> str:
    """The document. `added_files` join the table of files beside those that the issue lists."""
    files = plan_files(source, context, added_files)
    statements = (*source.requirements, *source.criteria)
    introduction = tuple(b for b in source.introduction if b != Paragraph(ISSUE_NOTE))
    objective = source.objective or introduction or source.proposal
    background = [
        block
        for part in (introduction, source.background, source.proposal, source.users, source.rest)
        if part != objective
        for block in part
    ]
    questions = [list_item(f"**Q{n}** {q}") for n, q in enumerate(open_questions(source, files), 1)]
    parts = [
        "# " + heading(f"LLD: {source.title or 'Untitled'}"),
        f"> {LLD_NOTE}",
        "## Objective",
        _told(objective, "The issue states no objective."),
        *(["## Background", render_blocks(background)] if background else []),
        "## Requirements",
        _requirements(source),
        "## Files",
        _files(files),
        "## Design",
        design(files, statements, source.prose, context),
        "## Test Scenarios",
        _test_scenarios(statements, files, context),
        "## Security",
        _told(source.security, "The issue says nothing about security."),
        "## Risks",
        _told(source.risks, "The issue names no risks."),
        *(["## Out of Scope", render_blocks(source.out_of_scope)] if source.out_of_scope else []),
        "## Open Questions",
        "\n".join(questions) or "None: the issue has something to say under every heading.",
    ]
    return "\n\n".join(parts) + "\n"


def _told(content: Sequence[Block], otherwise: str) -> str:
    return render_blocks(content) or f"{otherwise} See Open Questions."


def _requirements(source: Source) -> str:
    own, criteria = source.requirements, source.criteria
    parts = [
        *(["From the issue's requirements:", _numbered(own, 1)] if own else []),
        *(["From its acceptance criteria:", _numbered(criteria, 1 + len(own))] if criteria else []),
        *(["Said beside them:", render_blocks(source.notes)] if source.notes else []),
    ]
    return "\n\n".join(parts) or _told((), "The issue lists neither requirements nor criteria.")


def _numbered(statements: Sequence[Statement], first: int) -> str:
    lines = []
    for number, statement in enumerate(statements, first):
        part = "" if statement.part_of is None else f" (part of R{first + statement.part_of})"
        lines.append(list_item(f"**R{number}**{part} {statement.text}", statement.code))
    return "\n".join(lines)


def _files(files: Sequence[PlannedFile]) -> str:
    if not files:
        return _told((), "The issue names no files.")
    rows = [
        (
            code_span(file.path),
            file.action or "none",
            "; ".join(
                filter(None, (file.note, f"**doubtful:** {file.doubt}" if file.doubt else ""))
            ),
        )
        for file in files
    ]
    return table(("File", "Action", "What changes"), rows)


def _test_scenarios(
    statements: Sequence[Statement], files: Sequence[PlannedFile], context: CodeContext
) -> str:
    if not statements:
        return _told((), "Without requirements there is nothing to test.")
    rows = [
        (f"T{number}", f"R{number}", statement.text, what_to_check(statement.text))
        for number, statement in enumerate(statements, 1)
    ]
    return (
        f"{_test_files(files, context)}\n\n{table(('Test', 'Covers', 'Scenario', 'Check'), rows)}"
    )


def _test_files(files: Sequence[PlannedFile], context: CodeContext) -> str:
    """Where the tests go: the files that the issue names, else those that the modules have."""
    if named := [file.path for file in files if is_test(file.path)]:
        return f"The issue puts the tests into {_spans(named)}."
    stems = {PurePosixPath(file.path).stem for file in files}
    existing = [
        path
        for path in context.files
        if is_test(path) and PurePosixPath(path).stem.removeprefix("test_") in stems
    ]
    if existing:
        return f"The issue names no test file; tests of these modules are in {_spans(existing)}."
    return "The issue names no test file, and none of the project's is named after these modules."


def _spans(paths: Iterable[str]) -> str:
    return ", ".join(map(code_span, paths))
