"""One `agentos parallel`: children at work, with one pool, until all is done or no key is left."""

import itertools
import math
import random
from collections import Counter, deque
from functools import partial

from agentos.credentials.hopes import UNKNOWN_REST
from agentos.credentials.pool import CredentialPool
from benchmarks.agenda import Agenda, Alarm, Event
from benchmarks.day.bill import Bill
from benchmarks.day.child import Child, Doing, Outcome
from benchmarks.day.items import Item
from benchmarks.day.line import Line
from benchmarks.day.providers import Providers
from benchmarks.day.rules import BrokenPromiseError
from benchmarks.day.troubles import HOUR, LONGEST
from benchmarks.day.watch import Watch

CHILDREN = 10

_MEAN_LIFE = 2 * HOUR
"""Seconds after which a child is killed by somebody, on average; most are done before."""

_GRACE = 3.0
"""Seconds that a call in flight is given when the run stops."""

_REAPING = 0.02
"""Seconds until the parent notices that a child is gone."""

_LONGEST_STANDSTILL = LONGEST + UNKNOWN_REST
"""Seconds for which nobody may be served while somebody waits: the longest trouble, found late."""

_MOST_FRUITLESS = 1000
"""Times that the pool may name one after the other at which nothing comes of looking again."""


class Run:
    """Works through `items` in their order; each is tried once."""

    def __init__(
        self,
        items: list[Item],
        pool: CredentialPool,
        *,
        providers: Providers,
        watch: Watch,
        bill: Bill,
        agenda: Agenda,
        chance: random.Random,
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._items = deque(items)
        self._pool = pool
        self._providers = providers
        self._watch = watch
        self._bill = bill
        self._agenda = agenda
        self._chance = chance
        self._line = Line(pool, watch, agenda)
        self._alarm = Alarm(agenda, self._look_again)
        self._children: list[Child] = []
        self._owners = itertools.count(1)
        self._is_stopping = False
        self._served_at = agenda.now
        self._fruitless = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether it ended since no credential was left: exit code 4."""
        return self.outcomes[Outcome.EXHAUSTED] > 0

    def play(self) -> None:
        """Until all children are gone. Raises BrokenPromiseError where a promise is not kept."""
        self._watch.begin_run(self._pool)
        self._fill()
        while self._children:
            self._let_go()
            if not self._agenda.play_next(math.inf):
                raise BrokenPromiseError("Children wait, and nothing will ever happen")
            self._notice_ends()
            self._fill()
        self._watch.end_run()

    def _let_go(self) -> None:
        """Let the children look if anything has changed."""
        if not self._line.has_changed:
            return
        now = self._agenda.now
        if self._line.look(now):
            self._served_at, self._fruitless = now, 0
        self._alarm.set(self._line.wake_up, now)
        self._judge_waiting(now)

    def _look_again(self, now: float) -> None:  # noqa: ARG002 - `_let_go` asks what time it is
        self._line.has_changed = True
        self._fruitless += 1

    def _judge_waiting(self, now: float) -> None:
        """Raises BrokenPromiseError where it may have no end, or has had none for too long."""
        if not self._line.waiters:
            return
        since = max(self._served_at, self._line.waiters[0].since)
        if now - since > _LONGEST_STANDSTILL:
            raise BrokenPromiseError(
                f"Nobody has been served for {now - since:.0f} s, and somebody waits"
            )
        if self._fruitless > _MOST_FRUITLESS:
            raise BrokenPromiseError(
                "The pool names one time after the other at which it serves nobody"
            )
        if any(one.outcome or one.doing is not Doing.IN_LINE for one in self._children):
            return
        if self._line.wake_up is None or self._pool.next_wake_up(now) is None:
            raise BrokenPromiseError(
                "Everybody waits, nothing is in flight, and the pool names no time"
            )

    def _fill(self) -> None:
        while self._items and self._may_start():
            child = Child(
                str(next(self._owners)),
                self._items.popleft(),
                line=self._line,
                providers=self._providers,
                bill=self._bill,
                agenda=self._agenda,
                chance=self._chance,
            )
            self._children.append(child)
            life = self._chance.expovariate(1 / _MEAN_LIFE)
            self._at(life, partial(_end, child, Outcome.DIED))
            child.start()

    def _may_start(self) -> bool:
        """As the product's gate has it: no more children than calls that may ever be in flight."""
        running = len(self._children)
        if self._is_stopping or running >= CHILDREN:
            return False
        return not running or running <= self._pool.open_slots()

    def _notice_ends(self) -> None:
        for child in self._children:
            if child.outcome and not child.is_noticed:
                child.is_noticed = True
                self.outcomes[child.outcome] += 1
                self._at(_REAPING, partial(self._reap, child))
                if child.outcome is Outcome.EXHAUSTED:
                    self._stop()

    def _reap(self, child: Child, now: float) -> None:  # noqa: ARG002 - an event
        self._line.take_back(child.owner)
        self._children.remove(child)

    def _stop(self) -> None:
        """As after Ctrl-C: calls in flight are given a little time."""
        if self._is_stopping:
            return
        self._is_stopping = True
        for child in self._children:
            if child.outcome is None:
                child.stop()
                self._at(_GRACE, partial(_end, child, Outcome.INTERRUPTED))

    def _at(self, seconds: float, event: Event) -> None:
        self._agenda.at(self._agenda.now + seconds, event)


def _end(child: Child, outcome: Outcome, now: float) -> None:  # noqa: ARG001 - an event
    child.end(outcome)
