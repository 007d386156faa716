"""Whether this process may open the files that one more child takes."""

import os
import resource
from collections.abc import Callable

PER_CHILD = 10
"""Descriptors of ours that a child takes: its three pipes, the relay's copy of one, two that wake
the relay up and two that wake who reads its events, a log, and a connection for leases."""

RESERVE = 16
"""Descriptors for what is open now and then: while a child starts, or its documents are written."""


class DescriptorGate:
    """Expects the same of each child; what is open without one is counted when none runs.

    `limit` gives the most descriptors that we may have, `in_use` how many there are.
    """

    def __init__(self, *, limit: Callable[[], float], in_use: Callable[[], int]) -> None:
        self._limit = limit
        self._in_use = in_use
        self._without_children = 0

    def has_room(self, running: int) -> bool:
        """Whether one more may start beside so many that run."""
        if not running:
            self._without_children = self._in_use()
        return self._without_children + RESERVE + (running + 1) * PER_CHILD <= self._limit()

    def why_not(self) -> str:
        """Why there is no room, without a full stop."""
        return (
            f"each takes up to {PER_CHILD} open files, "
            f"and {self._limit():.0f} are allowed at once (ulimit -n)"
        )


def descriptor_limit() -> float:
    """The most descriptors that this process may have; infinite where nothing limits it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return float("inf") if soft == resource.RLIM_INFINITY else soft


def descriptors_in_use() -> int:
    """How many this process has; the one that looks is among them."""
    return len(os.listdir("/dev/fd"))
