"""A clock that does not count the time for which the machine, or the whole run, was suspended."""

import threading
import time

from agentos.core.clock import Clock

LOOKED_AT_EVERY = 1.0
"""Seconds, at the most, from one look at the clock to the next."""

_LONGEST_GAP = 2 * LOOKED_AT_EVERY
"""Seconds: hardly anybody who is awake leaves it alone for longer; who does has more time."""


class AwakeClock:
    """Seconds of the clock that is handed in; of a gap between two looks, no more than 2.

    `time.monotonic` stands still with a machine that sleeps, but not with a frozen container, a
    paused virtual machine or a process group that got SIGSTOP. Children slept as well then, and no
    deadline of theirs may have passed meanwhile. Any thread may look.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looked_at = self._now = clock()

    def __call__(self) -> float:
        """The time by this clock."""
        with self._lock:
            looked_at = self._clock()
            self._now += min(looked_at - self._looked_at, _LONGEST_GAP)
            self._looked_at = looked_at
            return self._now
