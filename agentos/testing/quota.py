"""What a provider holds a quota domain to: one account's calls of one model.

A pure model. The time is handed in, in seconds, and never goes back.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agentos.core.calls import Limit, LimitScope, RefusalKind
from agentos.testing.exchanges import Wire

_EMPTY = 1e-9  # what is missing less than this is there: additions of floats are not exact
_ANTHROPIC_ROUNDS_TO = 1000  # tokens, in what it says is left


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """What is allowed in a minute, and how many calls at once; None: no such limit.

    A minute's amount comes back evenly. What is not used is kept, up to what comes in
    `burst` seconds, and at least one request.
    """

    requests: float | None = None
    tokens: float | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    concurrent: int | None = None
    burst: float = 10.0

    def per_minute(self) -> Iterator[tuple[LimitScope, float]]:
        """The limits that there are, but for that of calls at once."""
        for scope, amount in (
            (LimitScope.REQUESTS, self.requests),
            (LimitScope.TOKENS, self.tokens),
            (LimitScope.INPUT_TOKENS, self.input_tokens),
            (LimitScope.OUTPUT_TOKENS, self.output_tokens),
        ):
            if amount is not None:
                yield scope, amount


@dataclass(frozen=True, slots=True)
class Outage:
    """From `begins` until `ends` every call is refused for this reason, whatever the limits.

    One that `says_its_end` lets refusals tell of it.
    """

    kind: RefusalKind
    begins: float
    ends: float = math.inf
    says_its_end: bool = False

    def refusal(self, now: float) -> "Refused | None":
        """What a call meets that arrives now; None before and after."""
        if not self.begins <= now < self.ends:
            return None
        return Refused(self.kind, None, self.ends - now if self.says_its_end else None)


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that is not let in.

    `scope` is the limit that keeps it out, None in an outage. `seconds` is the time until there is
    room for it, None where only the end of another call makes some, or nobody tells.
    """

    kind: RefusalKind
    scope: LimitScope | None
    seconds: float | None


class Quota:
    """The limits of one domain and what is left of them; everything is there at first.

    `outages` may be added to at any time.
    """

    def __init__(self, limits: QuotaLimits, *outages: Outage) -> None:
        self.limits = limits
        self.outages = list(outages)
        self._in_flight = 0
        self._buckets = {
            scope: _Bucket(amount, max(1.0, amount / 60 * limits.burst))
            for scope, amount in limits.per_minute()
        }

    @property
    def in_flight(self) -> int:
        """How many calls were let in and have not ended."""
        return self._in_flight

    def arrive(self, now: float, input_tokens: float) -> Refused | None:
        """Let a call in, and take what it brings; or say why not, and take nothing."""
        for outage in self.outages:
            if refused := outage.refusal(now):
                return refused
        most = self.limits.concurrent
        if most is not None and self._in_flight >= most:
            return Refused(RefusalKind.RATE_LIMITED, LimitScope.CONCURRENCY, None)
        waits = [
            (bucket.wait(now, _brought(scope, input_tokens)), scope)
            for scope, bucket in self._buckets.items()
        ]
        seconds, scope = max(waits, default=(0.0, LimitScope.REQUESTS))
        if seconds > 0:
            return Refused(RefusalKind.RATE_LIMITED, scope, seconds)
        for scope, bucket in self._buckets.items():
            bucket.take(now, _brought(scope, input_tokens))
        self._in_flight += 1
        return None

    def finish(self, now: float, output_tokens: float) -> None:
        """End a call that was let in; what it put out is taken now, be it there or not."""
        self._in_flight -= 1
        for scope in (LimitScope.TOKENS, LimitScope.OUTPUT_TOKENS):
            if scope in self._buckets:
                self._buckets[scope].take(now, output_tokens)

    def stated(self, now: float, wire: Wire = Wire.ANTHROPIC) -> tuple[Limit, ...]:
        """What this vendor's headers would say of it, rounded as the vendor rounds.

        `reset_after` is the time until all is there again. How many calls may be made at once is
        in nobody's headers.
        """
        return tuple(
            Limit(scope, round(bucket.per_minute), _left(scope, bucket.left(now), wire), after)
            for scope, bucket in self._buckets.items()
            for after in [_rounded(bucket.until_full(now), wire)]
        )


class _Bucket:
    """An amount that comes back evenly, up to its capacity; it may be owed as well."""

    def __init__(self, per_minute: float, capacity: float) -> None:
        self.per_minute = per_minute
        self._rate = per_minute / 60
        self._capacity = capacity
        self._level = capacity
        self._at = -math.inf

    def left(self, now: float) -> float:
        if now > self._at:
            come = 0.0 if self._at == -math.inf else (now - self._at) * self._rate
            self._level = min(self._capacity, self._level + come)
            self._at = now
        return self._level

    def wait(self, now: float, amount: float) -> float:
        """Seconds until there is so much; for more than it ever holds it has to be full."""
        lack = min(amount, self._capacity) - self.left(now)
        return lack / self._rate if lack > _EMPTY else 0.0

    def take(self, now: float, amount: float) -> None:
        self._level = self.left(now) - amount

    def until_full(self, now: float) -> float:
        return (self._capacity - self.left(now)) / self._rate


def _brought(scope: LimitScope, input_tokens: float) -> float:
    """What has to be there for a call to be let in; of output, anything at all."""
    if scope is LimitScope.REQUESTS:
        return 1.0
    return 0.0 if scope is LimitScope.OUTPUT_TOKENS else input_tokens


def _left(scope: LimitScope, amount: float, wire: Wire) -> int:
    amount = max(0.0, amount)
    if wire is Wire.ANTHROPIC and scope is not LimitScope.REQUESTS:
        return round(amount / _ANTHROPIC_ROUNDS_TO) * _ANTHROPIC_ROUNDS_TO
    return math.floor(amount + _EMPTY)


def _rounded(seconds: float, wire: Wire) -> float:
    """Whole seconds up with Anthropic, milliseconds up with the others."""
    steps = 1 if wire is Wire.ANTHROPIC else 1000
    return math.ceil(seconds * steps - _EMPTY) / steps
