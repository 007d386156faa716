"""A rate that no provider tells, learned from its refusals.

From one refusal for a rate limit to the next, the provider's bucket went from empty to empty,
whatever its size: what it served in between, divided by the time, is the rate at which it fills.
The pace stays a little below that estimate and creeps up until the next refusal, so that refusals
are rare, and each of them makes the estimate better.
"""

import math
from collections import deque

from agentos.credentials.token_bucket import TokenBucket

_SLOWEST = 1 / 30
"""Calls a second: who refuses at random is not met by standing still."""

_FULL, _CAREFUL = 0.96, 0.93
"""How much of the estimate is used after a refusal, and after one that came soon."""

_STEEPEST_CUT, _GENTLE_CUT = 0.85, 0.96
"""The pace falls by no more at a refusal that came very soon, and at one that did not."""

_VERY_SOON, _SOON = 15, 30
"""Calls between two refusals."""

_FIRST_GROWTH = 0.04
"""By how much each call raises a new pace; every refusal halves it..."""

_GROWTH = 0.0005
"""...down to this. Without a refusal the limit must be wider than it was:"""

_CALM, _DOUBLING, _MOST_DOUBLINGS = 40, 15, 5
"""After so many calls the growth doubles, and again after each further so many, so often."""

_MEMORY = 120
"""Calls over which the estimate reaches back: with so many it is about one per cent off."""


class Pace:
    """Calls a second; there is none until two refusals have told of one."""

    def __init__(self) -> None:
        self._bucket: TokenBucket | None = None
        self._served = 0
        self._refusals: deque[tuple[float, int]] = deque()  # when, and what was served by then
        self._heard_at = -math.inf
        self._calls_since = 0
        self._first_growth = _FIRST_GROWTH

    @property
    def rate(self) -> float | None:
        """Calls a second; None while it is not known."""
        return None if self._bucket is None else self._bucket.rate

    def ready_at(self, now: float) -> float:
        """When the next call may go out."""
        return now if self._bucket is None else self._bucket.ready_at(1.0, now)

    def went_out(self, now: float, *, had_waited: bool) -> None:
        """Count a call; only one that had waited for the pace shows that a faster one is wanted."""
        self._served += 1
        if self._bucket is None:
            return
        self._bucket.take(1.0, now)
        if had_waited:
            self._calls_since += 1
            self._bucket.rate *= 1 + self._growth()

    def came_to_nothing(self) -> None:
        """Do not count a call after all: it was refused, or never made."""
        self._served -= 1

    def refused(self, went_out: float, now: float, *, free_at: float) -> None:
        """Hear of a refusal of a call that went out then; at `free_at` there is room for one.

        One that went out before the last refusal was heard says nothing new.
        """
        if went_out <= self._heard_at:
            return
        self._heard_at = now
        calls, self._calls_since = self._calls_since, 0
        estimate = self._estimate(now)
        if estimate is None:
            return
        rate = estimate * (_CAREFUL if calls < _SOON else _FULL)
        if self._bucket is not None:
            self._first_growth /= 2
            cut = _STEEPEST_CUT if calls < _VERY_SOON else _GENTLE_CUT
            rate = min(max(rate, self._bucket.rate * cut), self._bucket.rate)
        rate = max(rate, _SLOWEST)
        level = 1.0 - (free_at - now) * rate if free_at > now else 0.0
        self._bucket = TokenBucket(rate, 1.0, level=level, now=now)

    def _growth(self) -> float:
        doublings = min(max(0, self._calls_since - _CALM) / _DOUBLING, _MOST_DOUBLINGS)
        return max(self._first_growth, _GROWTH * math.pow(2, doublings))

    def _estimate(self, now: float) -> float | None:
        """Calls a second between the refusals that are remembered, this one included."""
        if not self._refusals or self._served > self._refusals[-1][1]:
            self._refusals.append((now, self._served))
        while len(self._refusals) > 2 and self._served - self._refusals[1][1] >= _MEMORY:
            self._refusals.popleft()
        (first, before), (last, after) = self._refusals[0], self._refusals[-1]
        return (after - before) / (last - first) if after - before > 1 else None
