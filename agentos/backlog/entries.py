"""What a backlog consists of, once it has been found."""

from dataclasses import dataclass

from agentos.core.items import Item, Kind


@dataclass(frozen=True, slots=True)
class BacklogEntry:
    """An item and whether it is open: a closed issue or a brief in `ideas/done` is not."""

    item: Item
    is_open: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """All items of one kind, and a sentence for each file that was left out.

    Titles and file names are text from outside: escape them before they reach a screen.
    """

    kind: Kind
    entries: tuple[BacklogEntry, ...]
    notices: tuple[str, ...] = ()
