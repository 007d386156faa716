"""What is to be done: items of some calls each, and how far each of them is."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from agentos.core.calls import RequestKind
from benchmarks.day.accounts import LARGE, REVIEWER, SMALL
from benchmarks.keys.work import Call, calls

MEAN_LATENCY = 10.0
"""Seconds of a call at the provider."""

STEPS = (
    (LARGE, RequestKind.DRAFT_LLD),
    (REVIEWER, RequestKind.REVIEW_LLD),
    (LARGE, RequestKind.REVISE_LLD),
    (REVIEWER, RequestKind.REVIEW_LLD),
    (SMALL, RequestKind.REVISE_LLD),
    (REVIEWER, RequestKind.REVIEW_LLD),
)

_LENGTHS, _WEIGHTS = (3, 4, 5, 6), (3, 3, 2, 2)


@dataclass(slots=True)
class Item:
    """As many of the steps as it has calls; `done` of them are finished and on disk."""

    number: int
    calls: tuple[Call, ...]
    done: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == len(self.calls)

    @property
    def next_call(self) -> Call:
        """That of the first step which is not finished."""
        return self.calls[self.done]

    def finish_step(self) -> None:
        """The next step is on disk."""
        self.done += 1


def backlog(count: int, chance: random.Random) -> Iterator[Item]:
    """So many items."""
    work = calls(chance, MEAN_LATENCY)
    for number in range(1, count + 1):
        length = chance.choices(_LENGTHS, _WEIGHTS)[0]
        yield Item(number, tuple(next(work) for _ in range(length)))
