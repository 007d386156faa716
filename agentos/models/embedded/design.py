"""The section that shows a developer where in the code a change goes."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from agentos.documents.code_context import CodeContext
from agentos.documents.mentions import code_spans
from agentos.documents.named_files import FileAction
from agentos.documents.rendering import paragraph
from agentos.documents.source import Statement
from agentos.documents.writing import code_span, fenced, table
from agentos.models.embedded.file_plan import PlannedFile
from agentos.models.embedded.outline import Definition, Outline, module_name, outline_of

_MAX_LINES = 40  # of one file's outline
_MAX_SIGNATURE = 110  # characters
_MAX_PLACES = 4  # of one name
_WORD = re.compile(r"[^\W\d]\w{2,}")


def design(
    files: Sequence[PlannedFile], statements: Sequence[Statement], prose: str, context: CodeContext
) -> str:
    """The section's text: each file as it is now, and the issue's words found in the code."""
    outlines = {
        excerpt.path: outline
        for excerpt in context.excerpts
        if (outline := outline_of(excerpt.path, excerpt.text)) is not None
    }
    parts = [
        "What the code shows of the files above, as a place to start from. How the change is made"
        " is for the engineer who takes it up."
        if files
        else "The issue names no file, so there is no code to show. Find the modules first."
    ]
    for file in files:
        parts += [f"### {code_span(file.path)} ({file.action or 'not designed for'})"]
        if file.note:
            parts.append(paragraph(file.note[:1].upper() + file.note[1:]))
        parts += _as_it_is(file, context, outlines)
    if rows := _words_in_code(statements, prose, outlines):
        parts += [
            "### Where the issue's words meet the code",
            table(("Word", "Said in", "Defined at"), rows),
        ]
    return "\n\n".join(parts)


def _as_it_is(
    file: PlannedFile, context: CodeContext, outlines: dict[str, Outline]
) -> Iterator[str]:
    if not file.exists:
        if file.action is FileAction.CREATE:
            yield _neighbours(file.path, context)
        return
    text = next((e.text for e in context.excerpts if e.path == file.path), None)
    if text is None:
        yield "It exists; its text was not among what was read."
        return
    outline = outlines.get(file.path)
    if outline is None:
        yield f"It has {text.count(chr(10)) + 1} lines; it is not Python and is not outlined here."
        return
    yield from _outlined(outline)
    if users := _importers(file.path, outlines):
        yield f"Imported by {', '.join(map(code_span, users))} (of the files read)."


def _outlined(outline: Outline) -> Iterator[str]:
    public = [definition for definition in outline.definitions if definition.is_public]
    if not public:
        yield "It defines nothing public."
        return
    width = len(str(public[-1].line))
    lines = [
        f"{definition.line:>{width}}  {'    ' * definition.depth}{_shortened(definition.signature)}"
        for definition in public[:_MAX_LINES]
    ]
    yield "Defined there today, with line numbers:"
    yield fenced("\n".join(lines), "text")
    if len(public) > _MAX_LINES:
        yield f"And {len(public) - _MAX_LINES} more."


def _shortened(signature: str) -> str:
    if len(signature) <= _MAX_SIGNATURE:
        return signature
    return signature[: _MAX_SIGNATURE - 3] + "..."


def _neighbours(path: str, context: CodeContext) -> str:
    folder = str(PurePosixPath(path).parent)
    beside = [other for other in context.files if str(PurePosixPath(other).parent) == folder]
    if not beside:
        return f"A new file in a new folder, {code_span(folder)}."
    suffix = PurePosixPath(path).suffix
    alike = [other for other in beside if PurePosixPath(other).suffix == suffix] or beside
    return f"A new file, beside {', '.join(map(code_span, alike[:8]))}."


def _importers(path: str, outlines: dict[str, Outline]) -> list[str]:
    name = module_name(path)
    return [
        other
        for other, outline in outlines.items()
        if other != path and any(f"{i}.".startswith(f"{name}.") for i in outline.imports)
    ]


def _words_in_code(
    statements: Sequence[Statement], prose: str, outlines: dict[str, Outline]
) -> list[tuple[str, str, str]]:
    """A row for each word in backticks that is the name of something outside of the tests."""
    known: dict[str, list[tuple[str, Definition]]] = {}
    for path, outline in outlines.items():
        if not is_test(path):
            for definition in outline.definitions:
                short = definition.name.rpartition(".")[2].strip("_")
                known.setdefault(short, []).append((path, definition))
    rows = []
    for word in dict.fromkeys(_words(prose)):
        if places := known.get(word.strip("_")):
            said = [f"R{n}" for n, s in enumerate(statements, 1) if word in _words(s.text)]
            shown = [f"{code_span(f'{p}:{d.line}')} {d.name}" for p, d in places[:_MAX_PLACES]]
            more = [f"{len(places) - _MAX_PLACES} more"] if len(places) > _MAX_PLACES else []
            rows.append((code_span(word), ", ".join(said) or "the text", ", ".join(shown + more)))
    return rows


def _words(text: str) -> list[str]:
    return [word for span in code_spans(text) if "/" not in span for word in _WORD.findall(span)]


def is_test(path: str) -> bool:
    """Whether a path looks like a file of tests."""
    parts = PurePosixPath(path).parts
    return parts[0] in ("test", "tests") or parts[-1].startswith("test_")
