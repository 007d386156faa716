"""A child's place in the line."""

from collections.abc import Callable
from dataclasses import dataclass

from agentos.core.calls import Lease, Wish
from agentos.credentials.answers import Refused


@dataclass(slots=True, eq=False)
class Waiter:
    """Who came as the so manieth, and was `overtaken` by so many who came later."""

    owner: str
    wish: Wish
    ticket: str
    since: float
    turn: int
    answer: Callable[[Lease | Refused], None]
    overtaken: int = 0
