"""Who has not been heard of for so long that what was lent to it serves others."""

import math

_LONGEST_LOOK = 30.0
"""Seconds that one look counts at most. A longer gap is one of the listener's own: while it was
suspended it could hear nobody."""


class Silence:
    """Seconds since each owner was heard of, counted from look to look; `term` is the most."""

    def __init__(self, term: float = math.inf) -> None:
        self._term = term
        self._looked_at: float | None = None
        self._seconds: dict[str, float] = {}

    def __contains__(self, owner: str | None) -> bool:
        return owner is not None and self._seconds.get(owner, 0.0) >= self._term

    def broken(self, owner: str | None) -> None:
        """Hear of an owner; nobody in particular is never silent."""
        if owner is not None:
            self._seconds[owner] = 0.0

    def forget(self, owner: str) -> None:
        """The owner is gone, and no silence is to be told of."""
        self._seconds.pop(owner, None)

    def look(self, now: float) -> list[str]:
        """Let time pass, and give those who have been silent for the term since the last look."""
        before = now if self._looked_at is None else self._looked_at
        self._looked_at = now
        passed = min(max(0.0, now - before), _LONGEST_LOOK)
        fallen_silent = []
        for owner, seconds in self._seconds.items():
            self._seconds[owner] = seconds + passed
            if seconds < self._term <= seconds + passed:
                fallen_silent.append(owner)
        return fallen_silent
