"""Who has been at one step for long, told now and then: a hang that is named can be looked into."""

import math

from agentos.engines.running_time import RunningTime

FIRST_TOLD = 120.0
"""Seconds at one step before it is told of for the first time; then at twice as many, and so on."""


class Lateness:
    """Watches the present step of a child; waits that the child cannot help do not count."""

    def __init__(self, running: RunningTime) -> None:
        self._running = running
        self._began = 0.0
        self._tell_at = math.inf

    def begin(self) -> None:
        """A step begins."""
        self._began = self._running.seconds()
        self._tell_at = FIRST_TOLD

    def end(self) -> None:
        """No step is under way."""
        self._tell_at = math.inf

    def wait(self) -> float | None:
        """Seconds until `due` may have something to tell; None where nothing is to come."""
        if self._running.is_paused or self._tell_at == math.inf:
            return None
        return max(0.0, self._began + self._tell_at - self._running.seconds())

    def due(self) -> float | None:
        """The seconds of the present step, when they are worth being told of."""
        seconds = self._running.seconds() - self._began
        if seconds < self._tell_at:
            return None
        self._tell_at = 2 * seconds
        return seconds
