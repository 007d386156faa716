"""Who asks, how often, and what else the parent has to do."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.leases.rhythm import Rhythm

CHILDREN = 10

CALL = 0.01
"""Seconds that a child holds its lease, where it calls: less than any model takes."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Seconds that a lease may take: at the median, and 99 of 100."""

    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class Situation:
    """So many children in a rhythm, each of which holds its lease for `call` seconds.

    Where that is 0, leases are given back while others are still asked for. `goal` is None where
    nothing is asked.

    With `relays` the parent relays what ten processes spew; with `ledger` it enters each call in a
    file before it lends, as a run with priced models does.
    """

    children: int
    rhythm: Rhythm
    call: float = 0.0
    relays: bool = False
    ledger: bool = False
    goal: Goal | None = None

    @property
    def name(self) -> str:
        """What it is called in the table."""
        who = "1 child" if self.children == 1 else f"{self.children} children, {self.rhythm}"
        call = ", given back at once" if not self.call else ""
        return who + call + ", relay load" * self.relays + ", ledger" * self.ledger


def situations() -> Iterator[Situation]:
    """All of them."""
    yield Situation(1, Rhythm.TOGETHER, CALL)
    yield Situation(CHILDREN, Rhythm.TOGETHER, CALL, goal=Goal(0.002, 0.025))
    yield Situation(CHILDREN, Rhythm.TOGETHER, CALL, relays=True)
    yield Situation(CHILDREN, Rhythm.TOGETHER, CALL, ledger=True)
    yield Situation(CHILDREN, Rhythm.TOGETHER)
    yield Situation(CHILDREN, Rhythm.THINKING)
    yield Situation(CHILDREN, Rhythm.THINKING, relays=True)
    yield Situation(CHILDREN, Rhythm.HURRIED)
