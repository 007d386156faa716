"""Children that wait for leases; they look as the product's threads do: when something changed."""

import itertools
from collections.abc import Callable

from agentos.core.calls import Answer, Lease, Refusal, Wish
from agentos.credentials.answers import Refused, Waiting
from agentos.credentials.pool import CredentialPool
from benchmarks.agenda import Agenda
from benchmarks.day.waiter import Waiter
from benchmarks.day.watch import Watch


class Line:
    """All that the children of one run say to its pool goes through here, and is watched."""

    def __init__(self, pool: CredentialPool, watch: Watch, agenda: Agenda) -> None:
        self.waiters: list[Waiter] = []  # in the order of their coming
        self.wake_up: float | None = None
        self.has_changed = False
        self._pool = pool
        self._watch = watch
        self._agenda = agenda
        self._turns = itertools.count(1)

    def join(self, owner: str, wish: Wish, answer: Callable[[Lease | Refused], None]) -> None:
        """Queue up."""
        ticket = self._pool.request(owner, wish)
        turn = next(self._turns)
        self.waiters.append(Waiter(owner, wish, ticket, self._agenda.now, turn, answer))
        self.has_changed = True

    def settle(self, owner: str, lease: Lease, result: Answer | Refusal) -> None:
        """Give a lease back, and say how its call went."""
        now = self._agenda.now
        effect = self._pool.settle(owner, lease.id, result, now)
        self._watch.settled(lease, result, effect, now)
        self.has_changed = True

    def leave(self, owner: str) -> None:
        """The owner is gone, and nobody has noticed yet."""
        self.waiters = [one for one in self.waiters if one.owner != owner]

    def take_back(self, owner: str) -> None:
        """Somebody has."""
        self._pool.take_back(owner, self._agenda.now)
        self._watch.taken_back(owner)
        self.has_changed = True

    def look(self, now: float) -> bool:
        """Let everybody look until nobody gets anything any more; whether anybody did."""
        somebody_did = False
        while answers := self._look_once(now):
            somebody_did = True
            for waiter, answer in answers:
                waiter.answer(answer)
        return somebody_did

    def _look_once(self, now: float) -> list[tuple[Waiter, Lease | Refused]]:
        self.has_changed = False
        answers: list[tuple[Waiter, Lease | Refused]] = []
        still, times = [], []
        for waiter in self.waiters:
            answer = self._pool.poll(waiter.owner, waiter.ticket, now)
            if isinstance(answer, Waiting):
                still.append(waiter)
                times += [] if answer.until is None else [answer.until]
            else:
                answers.append((waiter, answer))
        granted = [(waiter, one) for waiter, one in answers if isinstance(one, Lease)]
        self._watch.granted(granted, still, now)
        for waiter, one in answers:
            if isinstance(one, Refused):
                self._watch.turned_away(waiter, now)
        self.waiters = still
        self.wake_up = min(times, default=None)
        return answers
