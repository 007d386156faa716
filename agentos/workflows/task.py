"""What a workflow is given and what it gives back."""

from dataclasses import dataclass
from pathlib import Path

from agentos.context.gather import gather_context
from agentos.core.calls import Complete
from agentos.core.errors import ItemError
from agentos.core.items import Item
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.documents.code_context import render
from agentos.documents.front_matter import split_front_matter
from agentos.documents.rendering import titled

FAILURE_NOTE = "failure"
"""The journal's note of why the last attempt failed; empty while none has."""


@dataclass(frozen=True, slots=True)
class Task:
    """One item to work on. `source` is the issue or brief as it was read at the start.

    `rounds` is how often a draft may be reviewed, `context_bytes` how long what is shown of the
    code base may be together with the source; `known_hashes` are hashes of documents that
    agentos itself wrote for the item, which it may write over.
    """

    item: Item
    project: Path
    state: StatePaths
    source: bytes
    rounds: int
    context_bytes: int
    drafter: Complete
    reviewer: Complete
    known_hashes: frozenset[str] = frozenset()

    def text(self) -> str:
        """The source as text, under the item's title if it says none; raises ItemError."""
        return titled(source_text(self.item.source.name, self.source), self.item.title)

    def code(self, text: str) -> str:
        """What of the code base belongs to the source, as Markdown; raises ItemError."""
        try:
            room = max(self.context_bytes - len(self.source), 0)
            return render(gather_context(self.project, text, max_bytes=room))
        except OSError as error:
            raise ItemError(f"{self.project} cannot be read: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Finished:
    """A workflow's end: a document on disk. `document` is relative to the project."""

    outcome: Outcome
    document: str
    document_hash: str


def source_text(name: str, source: bytes) -> str:
    """A source as text.

    Raises ItemError when it is no UTF-8, its front matter no YAML, or not a word stands in it: of
    that a language model would make something up, and be paid for it.
    """
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ItemError(
            f"{name} is not UTF-8 text (byte {error.start})", "save it as UTF-8 and run again"
        ) from None
    try:
        fields, body = split_front_matter(text)
    except ValueError as error:
        raise ItemError(f"{name}: {error}", "mend its front matter and run again") from None
    if not (body.strip() or fields.get("title")):
        raise ItemError(f"{name} is empty", "write into it what is wanted and run again")
    return text
