"""Which items of a backlog a command is about."""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence

from agentos.backlog.entries import Backlog
from agentos.core.errors import BacklogError
from agentos.core.identifiers import slugify
from agentos.core.items import Item, Kind

_HINTED = 5


def select(
    backlog: Backlog,
    ids: Sequence[str],
    *,
    take_all: bool,
    also: Collection[str] = (),
) -> tuple[Item, ...]:
    """The items to work on, each once: with `take_all` every open one, then those named in `ids`.

    `ids` are safe identifiers as a user types them: `042`, `42` and `LLD-42` are one. Named items
    need not be open. `also` are ids that `take_all` takes although they are closed. Raises
    BacklogError for an id that does not exist.
    """
    known = {entry.item.id: entry.item for entry in backlog.entries}
    chosen: dict[str, Item] = {}
    if take_all:
        chosen = {
            entry.item.id: entry.item
            for entry in backlog.entries
            if entry.is_open or entry.item.id in also
        }
    for typed in ids:
        item_id = next((name for name in _meanings(backlog.kind, typed) if name in known), None)
        if item_id is None:
            raise _unknown(backlog.kind, typed, known)
        chosen[item_id] = known[item_id]
    return tuple(chosen.values())


def _meanings(kind: Kind, typed: str) -> Iterator[str]:
    """Ids that the text may stand for; as it is comes first, for a brief called `issue-list`."""
    yield typed
    prefix = f"{kind}-"
    bare = typed[len(prefix) :] if typed.lower().startswith(prefix) else typed
    if kind is Kind.LLD:
        yield bare.lstrip("0") or "0"
    else:
        yield slugify(bare)


def _unknown(kind: Kind, typed: str, known: Mapping[str, Item]) -> BacklogError:
    noun = "issue" if kind is Kind.LLD else "brief"
    close = difflib.get_close_matches(typed.lower(), known, n=_HINTED)
    if close:
        hint = f"did you mean {', '.join(close)}?"
    elif known:
        some = list(known)[:_HINTED]
        hint = f"there are {', '.join(some)}" + (", ..." if len(known) > len(some) else "")
    else:
        hint = "the backlog is empty"
    return BacklogError(f"There is no {noun} {typed}", hint)
