"""A quota domain: what a provider limits for one account and one model, and how much is left."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentos.core.calls import LimitHint, LimitScope, Usage
from agentos.core.credentials import RateLimits
from agentos.credentials.concurrency import ConcurrencyLimit
from agentos.credentials.expectation import Expectation
from agentos.credentials.meter import Meter
from agentos.credentials.pace import Pace
from agentos.credentials.rest_length import RefusalStreak, wished_rest

LONG_COOLDOWN = 10.0
"""Seconds. A provider that wants so long a rest is asked for less at once afterwards."""

_SURPRISES, _FORGETTING = 4, 0.99
"""Refusals in about a hundred calls after which the known limits are not all that there are."""

_SCOPES = (
    LimitScope.REQUESTS,
    LimitScope.TOKENS,
    LimitScope.INPUT_TOKENS,
    LimitScope.OUTPUT_TOKENS,
)


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that went out: when, as the so manieth in flight, and what was expected of it.

    `taken` is what had been counted of each limit by then, it included.
    """

    at: float
    in_flight: int
    expected: Usage
    most: Usage
    taken: Mapping[LimitScope, float]


class Domain:
    """Says when the next call may go out, and learns from how each call ends.

    `slots` is how many calls may be in flight; `is_told` says whether somebody knows that number,
    or it is only what could be used. One that does not `learn` keeps to slots and cooldowns alone.
    `jitter()` gives a number from 0 to 1.
    """

    def __init__(
        self,
        slots: int,
        now: float,
        *,
        limits: RateLimits,
        is_told: bool,
        learns: bool = True,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        declared = dict(
            zip(
                _SCOPES,
                (limits.rpm, limits.tpm, limits.input_tpm, limits.output_tpm),
                strict=True,
            )
        )
        self._meters = {
            scope: Meter(per_minute, counts_calls=scope is LimitScope.REQUESTS, now=now)
            for scope, per_minute in declared.items()
        }
        self._known = self._known_meters()
        self.learns = learns
        self._concurrency = ConcurrencyLimit(slots, is_known=is_told or not learns)
        self._pace = Pace()
        self._streak = RefusalStreak(is_patient=learns, jitter=jitter)
        self._in_flight = 0
        self._refused_at = -math.inf
        self._overloaded_at = -math.inf
        self._out_at = -math.inf  # the last call
        self._surprises = 0.0
        self._expectation = Expectation()
        self._paced_until = -math.inf  # what the pace said to who asked last and came too early
        self.cooldown_until = -math.inf
        self.closed: str | None = None
        self.closed_until = -math.inf

    def cools(self, now: float) -> bool:
        """Whether it rests."""
        return self.closed is None and now < self.cooldown_until

    def ready_at(self, most: Usage, now: float) -> float:
        """When a call that costs `most` at most may go out; infinity where only others' ends help.

        That is so while all slots are in use.
        """
        if self.closed is not None or self._in_flight >= self._concurrency.limit:
            return math.inf
        expected = self._expectation.of(most)
        seconds = self._expectation.seconds
        at = max(now, self.cooldown_until)
        for scope, meter in self._meters.items():
            if meter.is_known:
                at = max(at, meter.ready_at(*_parts(scope, expected), seconds, now))
        if self._keeps_pace and self._pace.rate is None and self._concurrency.is_on_trial:
            # Two at the same moment would show a rate, and not whether so many may be out.
            at = max(at, self._out_at + seconds / self._concurrency.limit / 2)
        if self._keeps_pace and (paced := self._pace.ready_at(now)) > at:
            self._paced_until = paced  # to ask is no call: admit sees whether one comes of it
            return paced
        return at

    def admit(self, most: Usage, now: float) -> Admission:
        """Let a call out, whether it is time or not."""
        expected = self._expectation.of(most)
        self._in_flight += 1
        self._out_at = now
        self._surprises *= _FORGETTING
        self._pace.went_out(now, had_waited=self._had_waited(now))
        self._paced_until = -math.inf
        for scope, meter in self._meters.items():
            meter.take(*_parts(scope, expected), now, seconds=self._expectation.seconds)
        taken = {scope: meter.taken for scope, meter in self._meters.items()}
        return Admission(now, self._in_flight, expected, most, taken)

    def answered(self, call: Admission, usage: Usage | None, hint: LimitHint, now: float) -> None:
        """A call came back with an answer; what it took is unknown if `usage` is None."""
        self._in_flight -= 1
        self._streak.answered()
        self._concurrency.answered(call.in_flight)
        self._pace.was_served(call.at)
        self._expectation.learn(call.most, usage, now - call.at)
        self._count(call, call.expected if usage is None else usage, now)
        self.heed(call, hint, now)

    def ended(self, call: Admission, usage: Usage | None, now: float) -> None:
        """A call ended in a way that says nothing of limits."""
        self._in_flight -= 1
        self._count(call, call.expected if usage is None else usage, now)

    def never_made(self, call: Admission, now: float) -> None:
        """A call was admitted and did not go out."""
        self._in_flight -= 1
        self._pace.came_to_nothing(call.at)
        self._count(call, None, now)

    def overloaded(self, call: Admission, usage: Usage | None, hint: LimitHint, now: float) -> None:
        """The provider has too much to do, for whomever: rest, and ask for half as much at once.

        Of several calls that were out together only the first tells something new.
        """
        self.ended(call, usage, now)
        wished = wished_rest(hint)
        if call.at > self._overloaded_at:
            self._overloaded_at = now
            self._streak.refused()
            self.cool(now + self._streak.rest(wished, self._pace.rate))
            if self.learns:
                self._concurrency.halve(call.at, now)
        elif wished is not None:
            self.cool(now + wished)
        self.heed(call, hint, now)

    def refused(self, call: Admission, hint: LimitHint, now: float) -> None:
        """A call met a limit. The domain rests as long as the hint says, else for some time."""
        self._in_flight -= 1
        self._pace.came_to_nothing(call.at)
        self._count(call, None, now)
        self._learn_limits(call, hint, now, was_served=False)
        of_slots = self.learns and self._is_of_slots(call, now)
        rest = wished_rest(hint)
        if rest is None and of_slots:
            return  # one call fewer is all that it wants
        is_news = call.at >= self._refused_at  # else one that went out with it has said it all
        if is_news:
            self._streak.refused()
            self._refused_at = now
        elif rest is None:
            return
        free_at = now + self._streak.rest(rest, self._pace.rate)
        self.cool(free_at)
        if of_slots or not (is_news and self.learns):
            return
        if all(meter.is_cautious for meter in self._known):
            self._surprises += 1
        was_unknown = self._pace.rate is None
        self._pace.refused(call.at, now, free_at=free_at)
        if was_unknown and self._pace.rate is not None:
            self._concurrency.start_over(now)
        for scope, meter in self._meters.items():
            meter.refused(sum(_parts(scope, call.expected)), now, free_at=free_at)
        if rest is not None and rest >= LONG_COOLDOWN:
            self._concurrency.halve(call.at, now)

    def heed(self, call: Admission, hint: LimitHint, now: float) -> None:
        """Take over what a response says of limits."""
        self._learn_limits(call, hint, now, was_served=True)
        if self.learns:
            for limit in hint.limits:
                meter = self._meters.get(limit.scope)
                if limit.remaining == 0 and not (meter and meter.is_known):
                    self.cool(now + (limit.reset_after or 0.0))

    def cool(self, until: float) -> None:
        """Rest; a cooldown can only grow."""
        self.cooldown_until = max(self.cooldown_until, until)

    def close(self, reason: str, until: float) -> None:
        """Admit nothing before `until`, or an end that was told before and is later."""
        self.closed = reason
        self.closed_until = max(self.closed_until, until)

    def reopen(self, now: float) -> None:
        """Be open again, if it was closed until now or earlier."""
        if self.closed is not None and now >= self.closed_until:
            self.closed = None

    @property
    def at_once(self) -> int:
        """How many calls may be in flight by what has been tried."""
        return self._concurrency.limit

    @property
    def open_slots(self) -> int:
        """How many calls it takes at once; more than have been tried, as long as none was cut."""
        return 0 if self.closed is not None else self._concurrency.promised

    def _known_meters(self) -> list[Meter]:
        return [meter for meter in self._meters.values() if meter.is_known]

    @property
    def _keeps_pace(self) -> bool:
        """Known limits need no pace of our own, until they turn out not to be all."""
        return not self._known or self._surprises > _SURPRISES

    def _learn_limits(
        self, call: Admission, hint: LimitHint, now: float, *, was_served: bool
    ) -> None:
        """Tell the meters what a response says; of one that was not served it counts nothing."""
        if not self.learns:
            return
        were_known = self._known
        for limit in hint.limits:
            if meter := self._meters.get(limit.scope):
                own = 0.0 if was_served else _parts(limit.scope, call.expected)[0]
                meter.heard(limit, call.at, call.taken[limit.scope] - own, now)
        self._known = self._known_meters()
        if self._known and not were_known:
            self._concurrency.start_over(now)

    def _had_waited(self, now: float) -> bool:
        """Whether a call goes out about when the pace allows it to one that was held back.

        One that comes by so much later that another could have gone out before did not wait.
        """
        rate = self._pace.rate
        return rate is not None and abs(now - self._paced_until) * rate < 1

    def _is_of_slots(self, call: Admission, now: float) -> bool:
        """Whether a refusal tells of the number of calls alone.

        Known limits are blamed first for what costs them little: a burst, and some of the margin.
        """
        for scope, meter in self._meters.items():
            if meter.allows_burst(sum(_parts(scope, call.expected))):
                return False
        is_explained = not all(meter.is_cautious for meter in self._known)
        return self._concurrency.refused(call.in_flight, call.at, now, is_explained=is_explained)

    def _count(self, call: Admission, usage: Usage | None, now: float) -> None:
        """Count what a call took; None is one that was not served."""
        for scope, meter in self._meters.items():
            taken = 0.0 if usage is None else sum(_parts(scope, usage))
            meter.settle(_parts(scope, call.expected), taken, now)


def _parts(scope: LimitScope, usage: Usage) -> tuple[float, float]:
    """What a provider counts of a call when it comes, and what when it ends."""
    match scope:
        case LimitScope.INPUT_TOKENS:
            return usage.input_tokens, 0.0
        case LimitScope.OUTPUT_TOKENS:
            return 0.0, usage.output_tokens
        case LimitScope.TOKENS:
            return usage.input_tokens, usage.output_tokens
    return 1.0, 0.0
