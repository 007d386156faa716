"""The section that shows a developer where in the code a change goes."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from agentos.documents.code_context import CodeContext
from agentos.documents.named_files import FileAction
from agentos.documents.rendering import paragraph
from agentos.documents.source import Statement
from agentos.documents.writing import code_span, fenced, table
from agentos.models.embedded.code_words import is_test, words_in_code
from agentos.models.embedded.file_plan import PlannedFile
from agentos.models.embedded.outline import Outline, module_name, outline_of

_MAX_LINES = 40  # of one file's outline
_MAX_SIGNATURE = 110  # characters
_MAX_NAMES = 8  # of one module or folder


def design(
    files: Sequence[PlannedFile], statements: Sequence[Statement], prose: str, context: CodeContext
) -> str:
    """The section's text: each file as it is now, and the issue's words found in the code."""
    outlines = {
        excerpt.path: outline
        for excerpt in context.excerpts
        if (outline := outline_of(excerpt.path, excerpt.text)) is not None
    }
    parts: list[str] = []
    if files:
        parts.append(
            "What the code shows of the files above, as a place to start from. How the change is"
            " made is for the engineer who takes it up."
        )
        if len(order := _order(files, outlines)) > 1:
            parts.append(f"From the bottom up, by what imports what: {_spans(order)}.")
    else:
        parts += ["The issue names no file of the project.", *_modules(outlines)]
    for file in files:
        parts.append(f"### {code_span(file.path)} ({file.action or 'not designed for'})")
        if file.note:
            parts.append(paragraph(file.note[:1].upper() + file.note[1:]))
        parts += _as_it_is(file, context, outlines)
    if rows := words_in_code(statements, prose, outlines):
        parts += [
            "### Where the issue's words meet the code",
            table(("Word", "Said in", "Defined at"), rows),
        ]
    return "\n\n".join(parts)


def _order(files: Sequence[PlannedFile], outlines: Mapping[str, Outline]) -> list[str]:
    """The planned modules, each after those that it imports; nothing where they form a circle."""
    known = [file.path for file in files if file.path in outlines]
    needs = {
        path: [p for p in known if p != path and _imports(outlines[path], p)] for path in known
    }
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        return []


def _imports(outline: Outline, path: str) -> bool:
    name = module_name(path)
    return any(f"{imported}.".startswith(f"{name}.") for imported in outline.imports)


def _modules(outlines: Mapping[str, Outline]) -> Iterator[str]:
    """What there is to choose from where the issue does not say."""
    rows = []
    for path, outline in outlines.items():
        names = [d.name for d in outline.definitions if d.depth == 0 and d.is_callable]
        public = [name for name in names if not name.startswith("_")]
        if public and not is_test(path):
            rows.append((code_span(path), _spans(public[:_MAX_NAMES])))
    if rows:
        yield "These modules were read instead:"
        yield table(("Module", "Defines"), rows)


def _as_it_is(
    file: PlannedFile, context: CodeContext, outlines: Mapping[str, Outline]
) -> Iterator[str]:
    if not file.exists:
        if file.action is FileAction.CREATE:
            yield _neighbours(file.path, context)
        return
    text = next((e.text for e in context.excerpts if e.path == file.path), None)
    outline = outlines.get(file.path)
    if text is None:
        yield "It exists; its text was not among what was read."
    elif outline is None:
        yield f"It has {text.count(chr(10)) + 1} lines, which are not outlined here."
    else:
        yield from _outlined(outline)
        users = [o for o, it in outlines.items() if o != file.path and _imports(it, file.path)]
        if users:
            yield f"Imported by {_spans(users)} (of the files read)."


def _outlined(outline: Outline) -> Iterator[str]:
    shown = [d for d in outline.definitions if d.is_public or (d.is_callable and not d.is_special)]
    if not shown:
        yield "It defines nothing."
        return
    width = len(str(shown[-1].line))
    lines = [
        f"{definition.line:>{width}}  {'    ' * definition.depth}{_shortened(definition.signature)}"
        for definition in shown[:_MAX_LINES]
    ]
    yield "Defined there today, with line numbers:"
    yield fenced("\n".join(lines), "text")
    if len(shown) > _MAX_LINES:
        yield f"And {len(shown) - _MAX_LINES} more."


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
    return f"A new file, beside {_spans(alike[:_MAX_NAMES])}."


def _spans(names: Sequence[str]) -> str:
    return ", ".join(map(code_span, names))
