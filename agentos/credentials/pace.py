"""A rate that no provider tells, learned from its refusals.

From one refusal for a rate limit to the next, the provider's bucket went from empty to empty,
whatever its size: what it served in between, divided by the time, is the rate at which it fills.
The pace stays a little below that estimate and creeps up until the next refusal, so that refusals
are rare, and each of them makes the estimate better.

A bucket of a single call is the exception. It overflows whenever a call comes later than it could,
so what was served is less than what comes in, and refusals prove nothing but that the pace of the
moment is too fast. Such a bucket never serves two calls that are close together.
"""

import math
from collections import deque

from agentos.credentials.token_bucket import TokenBucket

_SLOWEST = 1 / 30
"""Calls a second: who refuses at random is not met by standing still."""

_USED = 0.98
"""How much of the estimate is used."""

_APART = 0.8
"""A bucket holds one call if no two were served that were closer than so much of the time between
two at the pace at which one was refused. Then of that pace is used:"""

_USED_OF_PACE = 0.96

_RAISED = 2.0
"""A pace that could grow by so much shows that the limit was raised."""

_STEEPEST_CUT = 0.15
"""By how much the pace falls at most, since limits rarely do."""

_SOON = 30
"""Calls. The sooner a bucket of one call refuses again, the more is cut."""

_LONG = 10
"""Calls that could have gone out and did not: the provider's bucket is not empty any more."""

_FIRST_GROWTH = 0.04
"""By how much each call raises a new pace; every refusal halves it..."""

_GROWTH = 0.0004
"""...down to this. Without a refusal the limit must be wider than it was:"""

_CALM, _DOUBLING, _MOST_DOUBLINGS = 60, 15, 5
"""After so many calls the growth doubles, and again after each further so many, so often."""

_MEMORY = 240
"""Calls over which the estimate reaches back: their sizes differ, and many tell more than few."""


class Pace:
    """Calls a second; there is none until two refusals have told of one."""

    def __init__(self) -> None:
        self._bucket: TokenBucket | None = None
        self._judged = 0.0  # the rate after the last refusal that told of one
        self._first_growth = _FIRST_GROWTH
        self._calls_since = 0
        self._served = 0
        self._refusals: deque[tuple[float, int]] = deque()  # busy seconds, and what was served then
        self._heard_at = -math.inf
        self._free_at = math.inf  # when the next call could have gone out
        self._idle = 0.0  # seconds in which nobody wanted what there was
        self._last_served = -math.inf
        self._closest = math.inf  # seconds between two calls that were both served

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
        if had_waited:
            self._calls_since += 1
            self._bucket.rate *= 1 + self._growth()
        else:
            self._stood_idle(max(0.0, now - self._free_at), self._bucket.rate)
        self._bucket.take(1.0, now)
        self._free_at = self._bucket.ready_at(1.0, now)

    def was_served(self, went_out: float) -> None:
        """Hear that a call was let in that went out then."""
        apart = abs(went_out - self._last_served)
        self._closest = min(self._closest, apart)
        self._last_served = max(self._last_served, went_out)

    def came_to_nothing(self, went_out: float) -> None:
        """Do not count a call after all: it was refused, or never made."""
        self._served -= 1
        if self._refusals and went_out <= self._heard_at:
            at, served = self._refusals.pop()
            self._refusals.append((at, served - 1))

    def refused(self, went_out: float, now: float, *, free_at: float) -> None:
        """Hear of a refusal of a call that went out then; at `free_at` there is room for one.

        One that went out before the last refusal was heard says nothing new. One since which
        nothing was served says that the rest was too short, and nothing of the rate.
        """
        if went_out <= self._heard_at:
            return
        self._heard_at = now
        calls, self._calls_since = self._calls_since, 0
        if not self._refusals or self._served > self._refusals[-1][1]:
            self._judge(calls, now)
        if self._judged:
            rest = max(0.0, free_at - now)
            self._bucket = TokenBucket(self._judged, 1.0, level=1.0 - rest * self._judged, now=now)
            self._free_at = self._bucket.ready_at(1.0, now)

    def _stood_idle(self, seconds: float, rate: float) -> None:
        """Take away time in which nobody wanted what there was; after much of it begin anew."""
        self._idle += seconds
        if seconds * rate > _LONG:
            self._refusals.clear()

    def _judge(self, calls: int, now: float) -> None:
        estimate = self._estimate(now)
        if estimate is None:
            return
        rate = estimate * _USED
        if self._bucket is not None:
            self._first_growth /= 2
            pace = self._bucket.rate
            if self._overflows(pace, calls):
                haste = 1 - min(1.0, calls / _SOON)
                rate = max(rate, pace * (_USED_OF_PACE - _STEEPEST_CUT * haste))
            rate = min(max(rate, self._judged * (1 - _STEEPEST_CUT)), pace)
        self._judged = max(rate, _SLOWEST)

    def _overflows(self, pace: float, calls: int) -> bool:
        """Whether more came in than was served: the bucket is small, or the limit was raised."""
        if calls > _CALM and pace > self._judged * _RAISED:
            last = self._refusals.pop()
            self._refusals.clear()
            self._refusals.append(last)
            return True
        return self._closest * pace > _APART

    def _growth(self) -> float:
        doublings = min(max(0, self._calls_since - _CALM) / _DOUBLING, _MOST_DOUBLINGS)
        return max(self._first_growth, _GROWTH * math.pow(2, doublings))

    def _estimate(self, now: float) -> float | None:
        """Calls a second that were served, at least, since the first refusal that is remembered."""
        busy = now - self._idle
        self._refusals.append((busy, self._served))
        while len(self._refusals) > 2 and self._served - self._refusals[1][1] >= _MEMORY:
            self._refusals.popleft()
        since, before = self._refusals[0]
        served = self._served - before - 1  # what was left at either end may be one call
        return served / (busy - since) if served > 0 and busy > since else None
