"""A clock that does not see the time for which the whole run is held."""

import contextlib
import threading
from collections.abc import Iterator

from agentos.core.clock import Clock


class PausableClock:
    """Seconds of the clock that is handed in, but for those in which it is held.

    It stands still from before the pause until after it: whoever wakes up at the end, on whatever
    thread, finds no deadline passed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._behind = 0.0
        self._held_at: float | None = None

    def __call__(self) -> float:
        """The time by this clock."""
        with self._lock:
            return (self._clock() if self._held_at is None else self._held_at) - self._behind

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stand still for the block."""
        with self._lock:
            began = self._held_at = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._behind += self._clock() - began
                self._held_at = None
