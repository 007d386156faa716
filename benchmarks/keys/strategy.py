"""What decides which child calls when and with which key."""

from collections.abc import Iterator
from typing import Protocol

from agentos.core.calls import Answer, Refusal
from benchmarks.keys.work import Call


class Strategy(Protocol):
    """Children are numbers from 0, keys their names; times are seconds and never go back."""

    def ask(self, child: int, call: Call, now: float) -> None:
        """A child wants to make a call: its next one, or again the one that was refused."""

    def due(self, now: float) -> Iterator[tuple[int, str]]:
        """The children that call now, each with its key."""

    def wake_up(self, now: float) -> float | None:
        """When to ask again who is due, if nothing happens before; None: not before."""

    def heard(self, child: int, result: Answer | Refusal, now: float) -> None:
        """How a child's call went."""
