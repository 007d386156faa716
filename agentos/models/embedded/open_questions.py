"""What an issue leaves open, as questions to its author."""

from collections.abc import Iterator, Sequence

from agentos.documents.markdown import Code, Table
from agentos.documents.source import Source
from agentos.models.embedded.file_plan import PlannedFile


def open_questions(source: Source, files: Sequence[PlannedFile]) -> Iterator[str]:
    """The issue's own questions, then the doubts about files, then a question for each gap."""
    for block in source.questions:
        if not isinstance(block, Code | Table):
            yield block.text
    yield from (f"Files: {file.doubt}" for file in files if file.doubt)
    if not (source.objective or source.introduction or source.proposal):
        yield "Objective: what is to be achieved, and for whom? The issue states none."
    if not source.requirements:
        yield "Requirements: what exactly has to be true? The issue lists none."
    if not source.files:
        yield "Files: which files change? The issue does not list them."
    if not source.criteria:
        yield "Acceptance criteria: how does one see that it is done? The issue has none."
    if not source.security:
        yield (
            "Security: does this touch input from outside, personal data, secrets or permissions?"
            " The issue does not say."
        )
    if not source.risks:
        yield "Risks: what can go wrong with this, and for whom? The issue names none."
    if not source.out_of_scope:
        yield "Out of scope: what is deliberately left out? The issue does not say."
