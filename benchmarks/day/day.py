"""A person with a backlog: starts a run, and starts it again when it ends with work left."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from agentos.core.calls import RefusalKind
from agentos.credentials.answers import Resting
from agentos.credentials.budget import Budget
from agentos.credentials.pool import CredentialPool
from benchmarks.agenda import Agenda
from benchmarks.day.accounts import ACCOUNTS, Account
from benchmarks.day.bill import Bill
from benchmarks.day.child import Outcome
from benchmarks.day.items import backlog
from benchmarks.day.providers import Providers
from benchmarks.day.rules import BrokenPromiseError
from benchmarks.day.run import CHILDREN, Run
from benchmarks.day.troubles import HOUR, MINUTE
from benchmarks.day.watch import Watch
from benchmarks.keys.work import dice

_AWAY = 2 * MINUTE, 20 * MINUTE
"""Seconds until the person sees that a run has ended, and starts the next."""

_SHORTEST_MEMORY = 5.0  # seconds of a rest that the next run is told of, as in the product

_PLENTY = 10**12  # tokens: a budget that is counted, and has room

_TOO_LONG = 48 * HOUR


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of the day; `seconds` are real ones, those of the longest wait simulated."""

    items: int
    hours: float
    runs: int
    runs_out_of_keys: int
    calls: int
    answered: int
    refused: dict[RefusalKind, int]
    children: dict[Outcome, int]
    closures: int
    most_overtaken: int
    longest_wait: float
    seconds: float

    @property
    def lost(self) -> int:
        """Calls of which nobody heard the end."""
        return self.calls - self.answered - sum(self.refused.values())


def play_day(
    count: int,
    seed: int,
    accounts: Sequence[Account] = ACCOUNTS,
    make_pool: Callable[..., CredentialPool] = CredentialPool,
) -> Figures:
    """Work through so many items with these accounts' keys, and break off at a broken promise.

    Raises BrokenPromiseError.
    """
    began = time.perf_counter()
    agenda, bill = Agenda(), Bill()
    credentials = [key for account in accounts for key in account.credentials()]
    watch, providers = Watch(credentials, CHILDREN), Providers(accounts, agenda, seed)
    left = list(backlog(count, dice(seed, "backlog")))
    chance = dice(seed, "day")
    children: Counter[Outcome] = Counter()
    runs = out_of_keys = 0
    resting: list[Resting] = []
    while left:
        pool = make_pool(
            credentials,
            budget=Budget(tokens=_PLENTY),
            default_slots=CHILDREN,
            jitter=dice(seed, "jitter", runs).random,
        )
        pool.recall(resting, agenda.now)
        run = Run(
            left,
            pool,
            providers=providers,
            watch=watch,
            bill=bill,
            agenda=agenda,
            chance=chance,
        )
        run.play()
        runs += 1
        out_of_keys += run.is_exhausted
        children += run.outcomes
        left = [item for item in left if not item.is_finished]
        if agenda.now > _TOO_LONG:
            raise BrokenPromiseError(
                f"{len(left)} items are left after {agenda.now / HOUR:.0f} hours"
            )
        ended = agenda.now
        if left:
            _wait(agenda, chance.uniform(*_AWAY))
        resting = _remembered(pool.resting(ended), agenda.now - ended)
    if children[Outcome.FINISHED] != count:
        raise BrokenPromiseError(f"{children[Outcome.FINISHED]} children finished {count} items")
    return Figures(
        items=count,
        hours=agenda.now / HOUR,
        runs=runs,
        runs_out_of_keys=out_of_keys,
        calls=bill.calls,
        answered=watch.answered,
        refused=dict(watch.refused),
        children=dict(children),
        closures=watch.closed.total(),
        most_overtaken=watch.most_overtaken,
        longest_wait=watch.longest_wait,
        seconds=time.perf_counter() - began,
    )


def _remembered(resting: Iterable[Resting], seconds: float) -> list[Resting]:
    """What is left of the rests so many seconds later."""
    left = [replace(one, seconds=one.seconds - seconds) for one in resting]
    return [one for one in left if one.seconds > 0]


def _wait(agenda: Agenda, seconds: float) -> None:
    end = agenda.now + seconds
    agenda.at(end, lambda _: None)
    while agenda.now < end:
        agenda.play_next(math.inf)
