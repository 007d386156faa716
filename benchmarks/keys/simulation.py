"""Children, a network and providers, one event after the other: hours of traffic in seconds."""

import time
from functools import partial

from agentos.core.calls import Answer, Refusal
from agentos.testing.quota import Quota
from benchmarks.agenda import Agenda, Alarm
from benchmarks.keys.scenarios import MODEL, Scenario
from benchmarks.keys.service import Service
from benchmarks.keys.strategy import Strategy
from benchmarks.keys.tally import Tally
from benchmarks.keys.work import Call, calls, dice

WARM_UP = 120.0
"""Seconds that are not counted."""


class Simulation:
    """One strategy at work in one scenario; all chance comes from `seed`."""

    def __init__(self, scenario: Scenario, strategy: Strategy, seed: int, minutes: float) -> None:
        self._scenario = scenario
        self._strategy = strategy
        self._end = WARM_UP + minutes * 60
        self._agenda = Agenda()
        self._alarm = Alarm(self._agenda, self._let_go)
        network = dice(seed, scenario.title, "network")
        self._services = [
            Service(MODEL, Quota(domain.limits), scenario.known, self._agenda, network)
            for domain in scenario.domains
        ]
        self._domain_of = {key.name: position for key, position in scenario.credentials()}
        self._work = calls(dice(seed, scenario.title, "calls"), scenario.mean_latency)
        self._calls: dict[int, Call] = {}
        self.tally = Tally(tuple(domain.limits for domain in scenario.domains), minutes * 60)

    def run(self) -> Tally:
        """Raises RuntimeError where nobody calls any more and nobody ever will."""
        began = time.perf_counter()
        for child in range(self._scenario.children):
            self._begin(child, 0.0)
        self._let_go(0.0)
        while self._agenda.play_next(self._end):
            pass
        if self._agenda.is_empty:
            raise RuntimeError(f"{self._scenario.name}: every child waits, and for nothing")
        self.tally.seconds = time.perf_counter() - began
        return self.tally

    def _begin(self, child: int, now: float) -> None:
        self._calls[child] = next(self._work)
        self._strategy.ask(child, self._calls[child], now)

    def _let_go(self, now: float) -> None:
        """Send out all that may go, and come back when the strategy wants to."""
        began = time.perf_counter()
        due = list(self._strategy.due(now))
        wake_up = self._strategy.wake_up(now)
        self.tally.deciding += time.perf_counter() - began
        for child, key in due:
            domain = self._domain_of[key]
            self._services[domain].send(self._calls[child], partial(self._hear, child, domain), now)
        self._alarm.set(wake_up, now)

    def _hear(self, child: int, domain: int, result: Answer | Refusal, now: float) -> None:
        self._count(child, domain, result, now)
        began = time.perf_counter()
        self._strategy.heard(child, result, now)
        self.tally.deciding += time.perf_counter() - began
        if isinstance(result, Answer):
            self._begin(child, now)
        else:
            self._strategy.ask(child, self._calls[child], now)
        self._let_go(now)

    def _count(self, child: int, domain: int, result: Answer | Refusal, now: float) -> None:
        if now < WARM_UP:
            return
        if isinstance(result, Answer):
            self.tally.serve(domain, self._calls[child])
        else:
            self.tally.refused += 1
