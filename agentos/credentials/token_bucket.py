"""A token bucket: room that comes back at a steady rate, up to a capacity."""

import math

_ROUNDING = 1e-9


class TokenBucket:
    """Holds at most `capacity` units and gains `rate` of them a second.

    The level falls below zero when a call took more than was expected of it. Times are seconds of
    one clock; one that is earlier than the last counts as the last.
    """

    def __init__(self, rate: float, capacity: float, *, level: float, now: float) -> None:
        self.rate = rate
        self.capacity = capacity
        self._level = level
        self._at = now

    def level(self, now: float) -> float:
        """What it holds."""
        if now > self._at:
            self._level += self.rate * (now - self._at)
            self._at = now
        self._level = min(self._level, self.capacity)
        return self._level

    def set_level(self, level: float, now: float) -> None:
        """Correct what it holds."""
        self.level(now)
        self._level = level

    def take(self, amount: float, now: float) -> None:
        """Take so much, whether it is there or not; a negative amount is given back."""
        self._level = self.level(now) - amount

    def ready_at(self, amount: float, now: float, *, beside: float = 0.0) -> float:
        """When it holds the amount, or is full where the amount is over its capacity.

        And that `beside` so much: infinity where both do not fit in, for then time does not help.
        """
        wanted = min(amount, self.capacity) + beside
        lack = wanted - self.level(now)
        if wanted > self.capacity + _ROUNDING and lack > _ROUNDING:
            return math.inf
        return now if lack <= _ROUNDING else max(now, self._at) + lack / self.rate
