"""What an issue leaves open, as questions to its author."""

from collections.abc import Iterator, Sequence

from agentos.documents.markdown import Code, Table
from agentos.documents.rendering import paragraph
from agentos.documents.source import Source
from agentos.models.embedded.file_plan import PlannedFile
from agentos.models.embedded.wording import CRITERIA_QUESTION, FILES_QUESTION, SECURITY_QUESTION


def open_questions(source: Source, files: Sequence[PlannedFile]) -> Iterator[str]:
    """The issue's own questions, then the doubts about files, then a question for each gap."""
    asked = [b.text for b in source.questions if not isinstance(b, Code | Table)]
    yield from (paragraph(text) for text in asked)
    yield from (f"Files: {file.doubt}" for file in files if file.doubt)
    gaps = [
        (
            source.objective or source.introduction or source.proposal,
            "Objective: what is to be achieved, and for whom? The issue states none.",
        ),
        (
            source.requirements or source.criteria,
            "Requirements: what exactly has to be true? The issue lists none.",
        ),
        (files, FILES_QUESTION),
        (source.criteria, CRITERIA_QUESTION),
        (source.security, SECURITY_QUESTION),
        (source.risks, "Risks: what can go wrong with this, and for whom? The issue names none."),
        (
            source.out_of_scope,
            "Out of scope: what is deliberately left out? The issue is silent.",
        ),
    ]
    yield from (question for part, question in gaps if not part and question not in asked)
