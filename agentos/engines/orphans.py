"""What children left behind and this process adopted, which it does on Linux: ended, and reaped."""

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from agentos.core.paths import GUARDIAN_VARIABLE, JOURNAL_VARIABLE
from agentos.core.proc_stat import ProcStat, proc_stat
from agentos.core.systems import LINUX


class Orphans:
    """Those that this process adopts from now on, whatever they did to their environment.

    They are told from what this process starts itself by their session: a child of the engine
    leads one of its own, and nothing that descends from it can get into ours.
    """

    def __init__(self) -> None:
        self._earlier = {child.identity for child in _our_children()} if LINUX else set()

    def end(self, *, children: Collection[int], journals: Collection[Path]) -> bool:
        """Kill those that run, and take the status of those that ended; True if there was one.

        Let alone are `children`, which are waited for elsewhere, what names one of `journals`,
        whose children still run, and a program's guardian, which ends by itself. No child may be
        started meanwhile.
        """
        if not LINUX:
            return False
        session = os.getsid(0)
        spared = {os.fsencode(f"{JOURNAL_VARIABLE}={journal}") for journal in journals}
        found = [
            _end(child, spared)
            for child in _our_children()
            if child.pid not in children
            and child.stat.session != session
            and child.identity not in self._earlier
        ]
        return any(found)


class _Child(NamedTuple):
    pid: int
    stat: ProcStat

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.stat.start


def _our_children() -> Iterator[_Child]:
    """Read from /proc, for psutil takes longer than a process may live that forks and is gone."""
    for pid in _pids_of_children():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield _Child(pid, proc_stat(pid))


def _pids_of_children() -> list[int]:
    pids: list[int] = []
    try:
        for thread in os.listdir("/proc/self/task"):
            pids += map(int, Path(f"/proc/self/task/{thread}/children").read_bytes().split())
    except OSError:  # a kernel without these files, or a thread that has just ended
        return [process.pid for process in psutil.Process().children()]
    return pids


def _end(orphan: _Child, spared: Collection[bytes]) -> bool:
    if orphan.stat.is_zombie:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(orphan.pid, os.WNOHANG)
        return True
    if os.getpid() == 1:
        return False  # the first process of a container adopts what others have left, too
    try:
        environment = Path(f"/proc/{orphan.pid}/environ").read_bytes()
        if orphan.stat.has_memory:
            if _is_spared(environment, spared):
                return False
            # Nobody else takes its status, so the number cannot be another's by now.
            os.kill(orphan.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it is about to end and has no environment any more: it is looked at again
    except PermissionError:  # it runs as somebody else, out of our reach
        return False
    return True


def _is_spared(environment: bytes, spared: Collection[bytes]) -> bool:
    guardian = f"{GUARDIAN_VARIABLE}=".encode()
    return any(one in spared or one.startswith(guardian) for one in environment.split(b"\0"))
