"""Children that outlived a killed supervisor: given time to checkpoint, then ended."""

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import psutil

from agentos.core.clock import Clock
from agentos.core.items import Kind
from agentos.core.paths import StatePaths
from agentos.process_tree import all_processes, kill_tree, names_journal
from agentos.records.history import ChildRecord, SupervisorRecord
from agentos.records.process_start import process_start
from agentos.records.run_folder import label_parts

WAIT_SECONDS = 5.0
"""How long a child may take to notice that its parent is gone."""

_DEATH_SECONDS = 2.0  # for the kernel to carry out a SIGKILL
_POLL_SECONDS = 0.05


class Processes(Protocol):
    """The process table; a child that ended, or whose pid is another's by now, is not alive."""

    def is_alive(self, child: ChildRecord) -> bool:
        """Whether that very process still runs."""

    def resume(self, child: ChildRecord) -> None:
        """Let it go on if it is stopped."""

    def kill_tree(self, child: ChildRecord) -> None:
        """SIGKILL to it and to all that it started."""


class SystemProcesses:
    """The real table, where a child of the project is known by the journal that it names."""

    def __init__(self, state: StatePaths) -> None:
        self._state = state

    def is_alive(self, child: ChildRecord) -> bool:
        """See Processes; a zombie only waits to be collected and does not count."""
        return self._find(child) is not None

    def resume(self, child: ChildRecord) -> None:
        """See Processes."""
        with contextlib.suppress(psutil.Error):
            if process := self._find(child):
                process.resume()

    def kill_tree(self, child: ChildRecord) -> None:
        """See Processes."""
        if self._find(child):
            kill_tree(child.pid, self._journal(child), all_processes)

    def _find(self, child: ChildRecord) -> psutil.Process | None:
        try:
            process = psutil.Process(child.pid)
            return process if names_journal(process, self._journal(child)) else None
        except (psutil.Error, ValueError):  # ValueError: a record that somebody tampered with
            return None

    def _journal(self, child: ChildRecord) -> Path:
        parts = label_parts(child.label)
        return self._state.journal(Kind(parts["kind"].lower()), parts["id"])


def goes_on(supervisor: SupervisorRecord) -> bool:
    """Whether that very process still runs."""
    try:
        ended = psutil.Process(supervisor.pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    return not ended and process_start(supervisor.pid) == supervisor.start


def await_survivors(
    children: Iterable[ChildRecord],
    table: Processes,
    *,
    timeout: float = WAIT_SECONDS,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[ChildRecord, ...]:
    """Wait up to `timeout` seconds until none of `children` runs; kill the trees of the rest.

    Gives back those that had to be killed.
    """
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
