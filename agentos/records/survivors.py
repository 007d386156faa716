"""Children that outlived a killed supervisor: given time to checkpoint, then ended."""

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import psutil

from agentos.core.clock import Clock
from agentos.records.history import ChildRecord

WAIT_SECONDS = 5.0
"""How long a child may take to notice that its parent is gone."""

_DEATH_SECONDS = 2.0  # for the kernel to carry out a SIGKILL
_POLL_SECONDS = 0.05
_CREATED_TOLERANCE = 1.0  # seconds: the system's clock may have been set meanwhile


class Processes(Protocol):
    """The process table; a child that ended, or whose pid is another's by now, is not alive."""

    def is_alive(self, child: ChildRecord) -> bool:
        """Whether that very process still runs."""

    def resume(self, child: ChildRecord) -> None:
        """Let it go on if it is stopped."""

    def kill_tree(self, child: ChildRecord) -> None:
        """SIGKILL to it and to all that descend from it."""


class SystemProcesses:
    """The real table."""

    def is_alive(self, child: ChildRecord) -> bool:
        """See Processes; a zombie only waits to be collected and does not count."""
        return _find(child) is not None

    def resume(self, child: ChildRecord) -> None:
        """See Processes."""
        with contextlib.suppress(psutil.Error):
            if process := _find(child):
                process.resume()

    def kill_tree(self, child: ChildRecord) -> None:
        """See Processes."""
        process = _find(child)
        if process is None:
            return
        tree = [process]
        with contextlib.suppress(psutil.Error):
            process.suspend()  # so that it starts nothing while its descendants are looked up
            tree += process.children(recursive=True)
        for member in tree:
            with contextlib.suppress(psutil.Error):
                member.kill()


def await_survivors(
    children: Iterable[ChildRecord],
    *,
    timeout: float = WAIT_SECONDS,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    processes: Processes | None = None,
) -> tuple[ChildRecord, ...]:
    """Wait up to `timeout` seconds until none of `children` runs; kill the trees of the rest.

    Gives back those that had to be killed.
    """
    table = processes or SystemProcesses()
    alive = tuple(child for child in children if table.is_alive(child))
    for child in alive:
        table.resume(child)  # a stopped child does not see that its lifeline is cut
    killed = _remaining(alive, table, timeout, clock, sleep)
    for child in killed:
        table.kill_tree(child)
    _remaining(killed, table, _DEATH_SECONDS, clock, sleep)
    return killed


def _remaining(
    children: tuple[ChildRecord, ...],
    table: Processes,
    timeout: float,
    clock: Clock,
    sleep: Callable[[float], None],
) -> tuple[ChildRecord, ...]:
    deadline = clock() + timeout
    while (left := tuple(child for child in children if table.is_alive(child))) and (
        clock() < deadline
    ):
        sleep(_POLL_SECONDS)
    return left


def _find(child: ChildRecord) -> psutil.Process | None:
    try:
        process = psutil.Process(child.pid)
        is_same = abs(process.create_time() - child.created) <= _CREATED_TOLERANCE
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
