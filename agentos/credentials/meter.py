"""One limit of a provider that is known: its size, and how much of it is left."""

import math

from agentos.core.calls import Limit
from agentos.credentials.token_bucket import TokenBucket

_MINUTE = 60.0
"""Seconds; what a limit is counted in, unless its reset tells of another period."""

_MARGIN, _LEAST_MARGIN = 0.99, 0.97
"""How much of a limit is used: clocks, counts and the network's delays differ a little. A refusal
of calls that went out evenly halves what is between it and the least..."""

_CAUTIOUS = 0.003
"""...and with less than this between them no more is to be gained by it."""

_BURST = 10.0
"""Seconds' worth of a limit that may be used at once; a refusal halves it, down to one call's..."""

_FEWEST = 4
"""...but so many calls' worth of tokens remain, for what a call takes is not known before."""

_KEPT = 1 / 3
"""Of a burst, so far from where a bucket overflows and from where it is empty: calls do not end
evenly, and an empty one refuses."""

_LEAST_TRUST = 0.2
"""A provider may count output earlier than at its end: each refusal halves what is counted on, down
to the least."""

_REGAINED = 0.002
"""How much of that each call gives back, and of a limit of tokens: that a call was refused may have
come from its size, which nobody knows before."""

_OTHER_PERIOD = 3.0
"""A limit that comes back so many times slower than in a minute is one of another period."""

_FADING = 0.9
"""How much of the largest call is kept in mind at each further one."""


class Meter:
    """Units a minute, requests or tokens; without a limit until somebody tells of one."""

    def __init__(self, per_minute: int | None, *, counts_calls: bool, now: float) -> None:
        self._declared = math.inf if per_minute is None else per_minute / _MINUTE
        self._counts_calls = counts_calls
        self._rate = math.inf  # units a second, as they are told
        self._margin = _MARGIN
        self._burst = _BURST
        self._bucket: TokenBucket | None = None
        self._taken = 0.0
        self._largest = 0.0  # of the last calls
        self._pending = 0.0  # what calls in flight are expected to take at their end
        self._trust = 1.0  # that it is counted no earlier
        self._lent = 0.0  # of what was pending at the last call, what was not set aside
        self._heard_of = -math.inf
        if per_minute is not None:
            self._set_rate(self._declared, now)

    @property
    def is_known(self) -> bool:
        """Whether there is a limit to keep to."""
        return self._bucket is not None

    @property
    def taken(self) -> float:
        """All that was ever taken."""
        return self._taken

    def ready_at(self, at_once: float, at_end: float, seconds: float, now: float) -> float:
        """When there is room for a call that takes so much when it comes and when it ends.

        `seconds` is how long a call takes. What those in flight will take at their end is set
        aside, but for what they take together at full use, less what is kept in the bucket: that
        would fill up and overflow while everyone waits for it.
        """
        bucket = self._bucket
        if bucket is None:
            return now
        amount = at_once + at_end
        if not at_end:
            return bucket.ready_at(amount, now)
        lent = self._loan(at_once, at_end, seconds)
        return bucket.ready_at(amount, now, beside=max(0.0, self._pending - lent))

    def take(self, at_once: float, at_end: float, now: float, *, seconds: float = 0.0) -> None:
        """Let a call out that is expected to take so much, and so long."""
        self._largest = max(at_once + at_end, self._largest * _FADING)
        self._lent = self._loan(at_once, at_end, seconds)
        self._pending += at_end
        self._count(at_once, now)

    def settle(self, expected: tuple[float, float], amount: float, now: float) -> None:
        """Count what a call took in all, of which so much was expected at once and at its end."""
        at_once, at_end = expected
        self._pending -= at_end
        self._trust += _REGAINED * (1 - self._trust)
        if self._bucket is not None and not self._counts_calls:
            self._margin += _REGAINED * (_MARGIN - self._margin)
            self._bucket.rate = self._rate * self._margin
        self._count(amount - at_once, now)

    def _count(self, amount: float, now: float) -> None:
        self._taken += amount
        if self._bucket is not None:
            self._bucket.take(amount, now)

    def heard(self, limit: Limit, went_out: float, taken: float, now: float) -> None:
        """Hear what an answer says of the limit.

        That may be as old as its call: `taken` had been counted when that went out. So what is
        left is raised only to what is there at least, and lowered only to what is there at most.
        """
        if limit.limit:
            rate = min(_rate(limit.limit, limit), self._declared)
            if not math.isclose(rate, self._rate, rel_tol=0.001):
                self._set_rate(rate, now)
        if limit.remaining is None or self._bucket is None or went_out < self._heard_of:
            return
        self._heard_of = went_out
        spare = 0.0 if self._counts_calls else self._largest
        left = limit.remaining - (self._taken - taken)
        least = left - spare
        most = left + spare + self._bucket.rate * (now - went_out)
        self._bucket.set_level(min(max(self._bucket.level(now), least), most), now)

    def allows_burst(self, amount: float) -> bool:
        """Whether more than the least may be used at once."""
        return self._bucket is not None and self._bucket.capacity > self._fewest(amount)

    @property
    def is_cautious(self) -> bool:
        """Whether it has given up for refusals what it can."""
        return self._margin <= _LEAST_MARGIN + _CAUTIOUS

    def refused(self, amount: float, now: float, *, free_at: float) -> None:
        """Hear that there was no room for so much, and when there will be.

        Given up is what costs least: to count on it that output is taken late, then bursts, then
        some of the limit.
        """
        if self._bucket is None:
            return
        if self._lent > 0 and self._trust > _LEAST_TRUST:
            self._trust /= 2
        elif self.allows_burst(amount):
            self._burst /= 2
        else:
            self._margin = (self._margin + _LEAST_MARGIN) / 2
        self._bucket.rate = self._rate * self._margin
        self._bucket.capacity = max(self._fewest(amount), self._bucket.rate * self._burst)
        left = amount - self._bucket.rate * max(0.0, free_at - now)
        self._bucket.set_level(min(left, self._bucket.level(now)), now)

    def _loan(self, at_once: float, at_end: float, seconds: float) -> float:
        """What of the ends of calls in flight is not set aside, where they are such calls."""
        if self._bucket is None or not at_end:
            return 0.0
        in_flight = self._bucket.rate * seconds * at_end / (at_once + at_end)
        return max(0.0, in_flight - self._rate * _BURST * _KEPT) * self._trust

    def _fewest(self, amount: float) -> float:
        return amount if self._counts_calls else _FEWEST * amount

    def _set_rate(self, rate: float, now: float) -> None:
        self._rate = rate
        used = rate * self._margin
        capacity = max(1.0, used * self._burst)
        level = capacity if self._bucket is None else self._bucket.level(now)
        self._bucket = TokenBucket(used, capacity, level=level, now=now)


def _rate(size: int, limit: Limit) -> float:
    """Units a second: those of a minute, or what the time until all is there again tells."""
    used = 0 if limit.remaining is None else size - limit.remaining
    reset = limit.reset_after or 0.0
    if used > 0 and reset > _OTHER_PERIOD * (used / size * _MINUTE + 1):
        return used / reset
    return size / _MINUTE
