"""How long a child has been running, not counting what it cannot help."""

from agentos.core.clock import Clock


class RunningTime:
    """Seconds of the clock that is handed in, but for those under a pause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted = 0.0
        self._since: float | None = clock()
        self._pauses: set[str] = set()

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._since is None

    def seconds(self) -> float:
        """What has run by now."""
        return self._counted + (0.0 if self._since is None else self._clock() - self._since)

    def pause(self, reason: str) -> None:
        """Stand still; reasons add up, and each is resumed by its own name."""
        self._counted = self.seconds()
        self._since = None
        self._pauses.add(reason)

    def resume(self, reason: str) -> None:
        """Go on, unless another reason still holds it."""
        self._pauses.discard(reason)
        if not self._pauses and self._since is None:
            self._since = self._clock()
