"""Whether the machine has room for one more child."""

from collections.abc import Callable, Collection

RESERVE = 128 * 1024 * 1024
"""Bytes that are left to everybody else."""

FIRST_GUESS = 96 * 1024 * 1024
"""Bytes of a child, as long as none has shown that it takes more."""

_MIB = 1024 * 1024


class MemoryGate:
    """Expects of each child, new or running, that it takes as much as the largest so far.

    `available` gives the bytes that can be had, `running` those that each running child takes.
    """

    def __init__(
        self, *, available: Callable[[], int], running: Callable[[], Collection[int]]
    ) -> None:
        self._available = available
        self._running = running
        self._peak = FIRST_GUESS

    def note_peak(self, size: int) -> None:
        """Hear of the most that a child took, in bytes."""
        self._peak = max(self._peak, size)

    def has_room(self, running: int) -> bool:
        """Whether one more may start, and so many that run or begin to may grow to the largest."""
        sizes = self._running()
        self._peak = max(self._peak, *sizes, 0)
        growth = running * self._peak - sum(sizes)
        return self._available() >= growth + self._peak + RESERVE

    def why_not(self) -> str:
        """Why there is no room, without a full stop."""
        return (
            f"a process takes up to {self._peak // _MIB} MiB, "
            f"and {self._available() // _MIB} MiB of memory are left"
        )
