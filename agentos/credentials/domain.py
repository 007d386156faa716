"""A quota domain: what a provider limits for one account and one model, and how much is left."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentos.core.calls import LimitHint, LimitScope, Usage
from agentos.core.credentials import RateLimits
from agentos.credentials.concurrency import ConcurrencyLimit
from agentos.credentials.meter import Meter
from agentos.credentials.pace import Pace

SHORTEST_REST, SHORTEST_AGAIN = 0.1, 1.0
"""Seconds after a rate limit, whatever a provider says, and after several in a row: with a hint of
0 the same call would go out again at once, and for ever."""

LONG_COOLDOWN = 10.0
"""Seconds. A provider that wants so long a rest is asked for less at once afterwards."""

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0
"""Seconds of a rest for which no time is named: at most, for the first refusal and for any."""

_UNKNOWN_INPUT, _UNKNOWN_OUTPUT = 0.5, 0.25
"""Of the most that a call may take, what is expected of it before one has ended."""

_LEARNING = 0.1
"""How much one call changes what is expected of the next."""

_SURPRISES, _FORGETTING = 4, 0.99
"""Refusals in about a hundred calls after which the known limits are not all that there are."""

_SCOPES = (
    LimitScope.REQUESTS,
    LimitScope.TOKENS,
    LimitScope.INPUT_TOKENS,
    LimitScope.OUTPUT_TOKENS,
)

_COUNTED_LATE = (LimitScope.TOKENS, LimitScope.OUTPUT_TOKENS)


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that went out: when, as the so manieth in flight, and what was expected of it.

    `taken` is what had been taken of each limit by then, it included; `output` is what calls in
    flight were expected to write, it included, which providers count only when they have.
    """

    at: float
    in_flight: int
    expected: Usage
    most: Usage
    taken: Mapping[LimitScope, float]
    output: int


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
        self._learns = learns
        self._concurrency = ConcurrencyLimit(slots, is_known=is_told or not learns)
        self._pace = Pace()
        self._jitter = jitter
        self._in_flight = 0
        self._output = 0  # that calls in flight are expected to write
        self._refusals = 0  # since the last answer
        self._overloaded_at = -math.inf
        self._surprises = 0.0
        self._input_share = _UNKNOWN_INPUT
        self._output_share = _UNKNOWN_OUTPUT
        self._held_back_by_pace = False
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
        expected = self._expected(most)
        at = max(now, self.cooldown_until)
        for scope, meter in self._meters.items():
            if meter.is_known:
                at = max(at, meter.ready_at(_amount(scope, expected), now))
        if self._keeps_pace and (paced := self._pace.ready_at(now)) > at:
            self._held_back_by_pace = True
            return paced
        return at

    def admit(self, most: Usage, now: float) -> Admission:
        """Let a call out, whether it is time or not."""
        expected = self._expected(most)
        self._in_flight += 1
        self._surprises *= _FORGETTING
        self._pace.went_out(now, had_waited=self._held_back_by_pace)
        self._held_back_by_pace = False
        for scope, meter in self._meters.items():
            meter.take(_amount(scope, expected), now)
        taken = {scope: meter.taken for scope, meter in self._meters.items()}
        self._output += expected.output_tokens
        return Admission(now, self._in_flight, expected, most, taken, self._output)

    def answered(self, call: Admission, usage: Usage | None, hint: LimitHint, now: float) -> None:
        """A call came back with an answer; what it took is unknown if `usage` is None."""
        self._left(call)
        self._refusals = 0
        self._concurrency.answered(call.in_flight)
        if usage is not None:
            self._correct(call, usage, now)
            self._learn(call, usage)
        self.heed(call, hint, now)

    def ended(self, call: Admission, usage: Usage | None, now: float) -> None:
        """A call ended in a way that says nothing of limits."""
        self._left(call)
        if usage is not None:
            self._correct(call, usage, now)

    def never_made(self, call: Admission, now: float) -> None:
        """A call was admitted and did not go out."""
        self._left(call)
        self._pace.came_to_nothing()
        self._undo(call, now)

    def overloaded(self, call: Admission, usage: Usage | None, hint: LimitHint, now: float) -> None:
        """The provider has too much to do, for whomever: rest, and ask for half as much at once.

        Of several calls that were out together only the first tells something new.
        """
        self.ended(call, usage, now)
        wished = _rest(hint)
        if call.at > self._overloaded_at:
            self._overloaded_at = now
            self._refusals += 1
            rest = self._backoff() if wished is None else wished
            self.cool(now + max(self._least_rest(), rest))
            if self._learns:
                self._concurrency.halve(call.at, now)
        elif wished is not None:
            self.cool(now + wished)
        self.heed(call, hint, now)

    def refused(self, call: Admission, hint: LimitHint, now: float) -> None:
        """A call met a limit. The domain rests as long as the hint says, else for some time."""
        self._left(call)
        self._pace.came_to_nothing()
        self._undo(call, now)
        of_slots = self._learns and self._concurrency.refused(call.in_flight, call.at, now)
        rest = _rest(hint)
        if rest is None and of_slots:
            return  # one call fewer is all that it wants
        self._refusals += 1
        free_at = now + (self._backoff() if rest is None else max(rest, self._least_rest()))
        self.cool(free_at)
        if of_slots or not self._learns:
            return
        self._surprises += 1
        self._pace.refused(call.at, now, free_at=free_at)
        for scope, meter in self._meters.items():
            meter.refused(_amount(scope, call.expected), now, free_at=free_at)
        if rest is not None and rest >= LONG_COOLDOWN:
            self._concurrency.halve(call.at, now)

    def heed(self, call: Admission, hint: LimitHint, now: float) -> None:
        """Take over what a response says of limits."""
        if self._learns:
            for limit in hint.limits:
                if meter := self._meters.get(limit.scope):
                    owed = call.output if limit.scope in _COUNTED_LATE else 0
                    meter.heard(limit, call.at, call.taken[limit.scope], now, owed=owed)
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
    def open_slots(self) -> int:
        """How many calls it takes at once; more than have been tried, as long as none was cut."""
        return 0 if self.closed is not None else self._concurrency.promised

    @property
    def _keeps_pace(self) -> bool:
        """Known limits need no pace of our own, until they turn out not to be all."""
        if not any(meter.is_known for meter in self._meters.values()):
            return True
        return self._surprises > _SURPRISES

    def _left(self, call: Admission) -> None:
        self._in_flight -= 1
        self._output -= call.expected.output_tokens

    def _backoff(self) -> float:
        """Exponential, with full jitter."""
        first = FIRST_BACKOFF if self._pace.rate is None else 2 / self._pace.rate
        return self._jitter() * min(LONGEST_BACKOFF, first * 2.0 ** (self._refusals - 1))

    def _least_rest(self) -> float:
        if not self._learns:
            return 0.0
        return min(SHORTEST_AGAIN, SHORTEST_REST * 2.0 ** (self._refusals - 1))

    def _expected(self, most: Usage) -> Usage:
        return Usage(
            int(most.input_tokens * self._input_share), int(most.output_tokens * self._output_share)
        )

    def _learn(self, call: Admission, usage: Usage) -> None:
        if call.most.input_tokens:
            share = usage.input_tokens / call.most.input_tokens
            self._input_share += _LEARNING * (share - self._input_share)
        if call.most.output_tokens:
            share = usage.output_tokens / call.most.output_tokens
            self._output_share += _LEARNING * (share - self._output_share)

    def _correct(self, call: Admission, usage: Usage, now: float) -> None:
        for scope, meter in self._meters.items():
            meter.correct(_amount(scope, usage) - _amount(scope, call.expected), now)

    def _undo(self, call: Admission, now: float) -> None:
        for scope, meter in self._meters.items():
            meter.correct(-_amount(scope, call.expected), now)


def _rest(hint: LimitHint) -> float | None:
    """Seconds that a refusal wants: what it says, else until a limit that is used up is back."""
    if hint.retry_after is not None:
        return hint.retry_after
    used_up = [one.reset_after for one in hint.limits if one.remaining == 0]
    return max((seconds for seconds in used_up if seconds is not None), default=None)


def _amount(scope: LimitScope, usage: Usage) -> float:
    match scope:
        case LimitScope.INPUT_TOKENS:
            return usage.input_tokens
        case LimitScope.OUTPUT_TOKENS:
            return usage.output_tokens
        case LimitScope.TOKENS:
            return usage.total_tokens
    return 1.0
