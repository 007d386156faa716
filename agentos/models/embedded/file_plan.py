"""The files of a design, checked against those that the project has."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from agentos.documents.checklist import without_box
from agentos.documents.code_context import CodeContext
from agentos.documents.markdown import ListItem, Paragraph, blocks
from agentos.documents.mentions import leads_outside, mentioned_files
from agentos.documents.named_files import FileAction, NamedFile
from agentos.documents.source import Source
from agentos.documents.writing import code_span

_SHOWN = 200  # characters of the text that a note quotes


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A row of the table of files. `doubt` is what a person has to settle, often empty."""

    path: str
    action: FileAction | None
    note: str = ""
    doubt: str = ""
    exists: bool = False


def plan_files(
    source: Source, context: CodeContext, added: Iterable[str] = ()
) -> tuple[PlannedFile, ...]:
    """The files that the issue lists, then those of `added` that it does not.

    An issue without a list of files is about those that its text mentions.
    """
    planned = {file.path: file for file in (_planned(f, context) for f in source.files)}
    if not source.files:
        added = (*mentioned_files(source.prose, context.files), *added)
    for path in added:
        note = _where_mentioned(path, source)
        planned.setdefault(path, PlannedFile(path, FileAction.MODIFY, note, exists=True))
    return tuple(planned.values())


def _where_mentioned(path: str, source: Source) -> str:
    for block in blocks(source.prose):
        if isinstance(block, Paragraph | ListItem) and mentioned_files(block.text, [path]):
            said = without_box(block.text)
            text = said[:_SHOWN] + ("..." if len(said) > _SHOWN else "")
            return f"not listed by the issue, but in its text: {text}"
    return "not listed by the issue; check what changes"


def _planned(file: NamedFile, context: CodeContext) -> PlannedFile:
    name = code_span(file.path)
    if leads_outside(file.path):
        return PlannedFile(file.path, None, file.note, f"{name} leads outside the project.")
    path = _in_tree(file.path, context)
    if path is not None:
        if file.stated is FileAction.CREATE:
            doubt = f"{name} exists already, and the issue calls it new."
            return PlannedFile(path, FileAction.MODIFY, file.note, doubt, exists=True)
        return PlannedFile(path, file.stated or FileAction.MODIFY, file.note, exists=True)
    similar = get_close_matches(file.path, context.files, n=1, cutoff=0.85)
    meant = f" Is {code_span(similar[0])} meant?" if similar else ""
    doubt = ""
    if file.stated in (FileAction.MODIFY, FileAction.DELETE):
        doubt = f"{name} is not in the project, and the issue says to {file.stated} it.{meant}"
    elif file.stated is None and similar:
        doubt = f"{name} is not in the project.{meant}"
    return PlannedFile(file.path, FileAction.CREATE, file.note, doubt)


def _in_tree(path: str, context: CodeContext) -> str | None:
    """The path as the project has it: the file, a folder, or the one file of that name."""
    if path in context.files:
        return path
    folder = path.rstrip("/") + "/"
    if any(file.startswith(folder) for file in context.files):
        return path
    return next(iter(mentioned_files(code_span(path), context.files)), None)
