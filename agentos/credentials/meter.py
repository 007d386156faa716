"""One limit of a provider that is known: its size, and how much of it is left."""

import math

from agentos.core.calls import Limit
from agentos.credentials.token_bucket import TokenBucket

_MINUTE = 60.0
"""Seconds; what a limit is counted in, unless its reset tells of another period."""

_MARGIN, _LEAST_MARGIN, _STEP = 0.99, 0.975, 0.002
"""How much of a limit is used: clocks and counts differ a little. A refusal lowers it a step."""

_BURST = 10.0
"""Seconds' worth of a limit that may be used at once; a refusal halves it..."""

_FEWEST = 4
"""...but so many calls' worth of tokens remain, for what a call takes is not known before."""

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

    def ready_at(self, amount: float, now: float) -> float:
        """When there is room for so much."""
        return now if self._bucket is None else self._bucket.ready_at(amount, now)

    def take(self, amount: float, now: float) -> None:
        """Use so much for a call."""
        self._largest = max(amount, self._largest * _FADING)
        self.correct(amount, now)

    def correct(self, amount: float, now: float) -> None:
        """Add to what was taken for a call, or take away from it."""
        self._taken += amount
        if self._bucket is not None:
            self._bucket.take(amount, now)

    def heard(
        self, limit: Limit, went_out: float, taken: float, now: float, *, owed: float = 0.0
    ) -> None:
        """Hear what an answer says of the limit.

        That may be as old as its call: `taken` had been taken when that went out, of which `owed`
        may not have been counted yet. So what is left is raised only to what is there at least, and
        lowered only to what is there at most.
        """
        if limit.limit:
            rate = min(_rate(limit.limit, limit), self._declared)
            if not math.isclose(rate, self._rate, rel_tol=0.001):
                self._set_rate(rate, now)
        if limit.remaining is None or self._bucket is None or went_out < self._heard_of:
            return
        self._heard_of = went_out
        spare = 0.0 if self._counts_calls or owed else self._largest
        least = limit.remaining - (self._taken - taken) - owed - spare
        most = least + self._bucket.rate * (now - went_out)
        self._bucket.set_level(min(max(self._bucket.level(now), least), most), now)

    def refused(self, amount: float, now: float, *, free_at: float) -> None:
        """Hear that there was no room for so much, and when there will be."""
        if self._bucket is None:
            return
        self._burst /= 2
        self._margin = max(_LEAST_MARGIN, self._margin - _STEP)
        self._bucket.rate = self._rate * self._margin
        fewest = amount if self._counts_calls else _FEWEST * amount
        self._bucket.capacity = max(fewest, self._bucket.rate * self._burst)
        left = amount - self._bucket.rate * max(0.0, free_at - now)
        self._bucket.set_level(min(left, self._bucket.level(now)), now)

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
