"""Children, a network and providers, one event after the other: hours of traffic in seconds."""

import heapq
import itertools
import time
from collections.abc import Callable
from functools import partial

from agentos.core.calls import NO_HINT, Answer, LimitHint, Refusal, Usage
from agentos.testing.quota import Quota
from benchmarks.keys.scenarios import MODEL, Known, Scenario
from benchmarks.keys.strategy import Strategy
from benchmarks.keys.tally import Tally
from benchmarks.keys.work import Call, calls, dice, trip

WARM_UP = 120.0
"""Seconds that are not counted."""

_SHORTEST_SLEEP = 0.001  # seconds; a thread does not wake up more exactly

_Event = Callable[[float], None]


class Simulation:
    """One strategy at work in one scenario; all chance comes from `seed`."""

    def __init__(self, scenario: Scenario, strategy: Strategy, seed: int, minutes: float) -> None:
        self._scenario = scenario
        self._strategy = strategy
        self._end = WARM_UP + minutes * 60
        self._quotas = [Quota(domain.limits) for domain in scenario.domains]
        self._domain_of = {key.name: position for key, position in scenario.credentials()}
        self._work = calls(dice(seed, scenario.title, "calls"), scenario.mean_latency)
        self._network = dice(seed, scenario.title, "network")
        self._events: list[tuple[float, int, _Event]] = []
        self._order = itertools.count()
        self._wakes_at: float | None = None
        self._calls: dict[int, Call] = {}
        self.tally = Tally(tuple(domain.limits for domain in scenario.domains), minutes * 60)

    def run(self) -> Tally:
        """Raises RuntimeError where nobody calls any more and nobody ever will."""
        began = time.perf_counter()
        for child in range(self._scenario.children):
            self._begin(child, 0.0)
        self._let_go(0.0)
        while self._events:
            now, _, event = heapq.heappop(self._events)
            if now >= self._end:
                self.tally.seconds = time.perf_counter() - began
                return self.tally
            event(now)
        raise RuntimeError(f"{self._scenario.name}: every child waits, and for nothing")

    def _at(self, moment: float, event: _Event) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

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
            self._at(now + trip(self._network), partial(self._arrive, child, self._domain_of[key]))
        if wake_up is None:
            return
        wake_up = max(wake_up, now + _SHORTEST_SLEEP)
        if self._wakes_at is None or not now < self._wakes_at <= wake_up:
            self._wakes_at = wake_up
            self._at(wake_up, self._let_go)

    def _arrive(self, child: int, domain: int, now: float) -> None:
        call, quota = self._calls[child], self._quotas[domain]
        refused = quota.arrive(now, call.input_tokens)
        seconds = None if refused is None else refused.seconds
        hint = self._hint(quota, seconds, now)
        if refused is None:
            self._at(now + call.latency, partial(self._finish, child, domain, hint))
            return
        if now >= WARM_UP:
            self.tally.refused += 1
        refusal = Refusal(refused.kind, "", hint, "rate_limit_error", Usage())
        self._at(now + trip(self._network), partial(self._hear, child, refusal))

    def _finish(self, child: int, domain: int, hint: LimitHint, now: float) -> None:
        call = self._calls[child]
        self._quotas[domain].finish(now, call.output_tokens)
        if now >= WARM_UP:
            self.tally.serve(domain, call)
        answer = Answer("", MODEL, Usage(call.input_tokens, call.output_tokens), hint)
        self._at(now + trip(self._network), partial(self._hear, child, answer))

    def _hear(self, child: int, result: Answer | Refusal, now: float) -> None:
        began = time.perf_counter()
        self._strategy.heard(child, result, now)
        self.tally.deciding += time.perf_counter() - began
        if isinstance(result, Answer):
            self._begin(child, now)
        else:
            self._strategy.ask(child, self._calls[child], now)
        self._let_go(now)

    def _hint(self, quota: Quota, seconds: float | None, now: float) -> LimitHint:
        """What the headers say, made when the request arrives."""
        said = self._scenario.retry_hint.said(seconds)
        stated = quota.stated(now) if self._scenario.known is Known.ADVERTISED else ()
        return LimitHint(said, stated) if stated or said is not None else NO_HINT
