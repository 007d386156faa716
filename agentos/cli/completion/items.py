"""The items of a backlog as words for an argument."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from agentos.backlog.briefs import find_briefs
from agentos.backlog.issues import find_issues
from agentos.backlog.selection import select
from agentos.core.errors import BacklogError
from agentos.core.items import Item, Kind


def completed(
    kind: Kind, project: Path, given: Sequence[str], started: str
) -> Iterator[tuple[str, str]]:
    """Each open item that is not yet `given` and that the word `started` may become: word, title.

    Raises what a backlog raises that cannot be read as one.
    """
    backlog = find_issues(project) if kind is Kind.LLD else find_briefs(project)
    taken: set[str] = set()
    for text in given:
        with suppress(BacklogError):  # for a mistyped one
            taken |= {item.id for item in select(backlog, (text,), take_all=False)}
    for entry in backlog.entries:
        if entry.is_open and entry.item.id not in taken:
            word = completed_word(entry.item, started)
            if word is not None:
                yield word, entry.item.title


def completed_word(item: Item, started: str) -> str | None:
    """How a word that has begun goes on as the item's name; None if it does not.

    What was typed stays as it is: `04` becomes `042`, `lld-4` becomes `lld-42`.
    """
    prefix = item.label.removesuffix(item.id)
    bare = started[len(prefix) :] if started.upper().startswith(prefix) else started
    zeros = bare[: len(bare) - len(bare.lstrip("0"))] if item.kind is Kind.LLD else ""
    for form in (item.id, zeros + item.id, item.label, prefix + zeros + item.id):
        if form.lower().startswith(started.lower()):
            return started + form[len(started) :]
    return None
