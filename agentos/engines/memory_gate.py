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
        self._growth = self._left = 0  # when it was asked last

    def note_peak(self, size: int) -> None:
        """Hear of the most that a child took, in bytes."""
        self._peak = max(self._peak, size)

    def has_room(self, running: int) -> bool:
        """Whether one more may start, and so many that run or begin to may grow to the largest."""
        sizes = self._running()
        self._peak = max(self._peak, *sizes, 0)
        self._growth = running * self._peak - sum(sizes)
        self._left = self._available()
        return self._left >= self._growth + self._peak + RESERVE

    def why_not(self) -> str:
        """Why there was no room when it was asked last, without a full stop."""
        return (
            f"a process takes up to {self._peak // _MIB} MiB, "
            f"those that run may grow by {max(0, self._growth) // _MIB} MiB, "
            f"{RESERVE // _MIB} MiB stay free for others, "
            f"and {self._left // _MIB} MiB of memory are left"
        )
