"""What a child started: found by its descent or its environment, and ended."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from agentos.core.clock import Clock
from agentos.core.paths import JOURNAL_VARIABLE
from agentos.engines.parenthood import LINUX

_QUIET_LOOKS = 2
_BETWEEN_LOOKS = 0.001  # seconds, as the next
_GIVE_UP_AFTER = 1.0


def kill_tree(pid: int, journal: Path) -> None:
    """SIGKILL for the process, its group and descendants, and all that name the journal as theirs.

    A group is killed in one go, forks in the making included. For those that left it this repeats,
    since a process may fork while it is being killed.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # which the process leads, if there is one

    def kill_what_is_seen() -> bool:
        with contextlib.suppress(psutil.Error):
            _kill(_with_descendants(psutil.Process(pid)))
        return kill_strays(journal)

    until_nothing_is_left(kill_what_is_seen)


def kill_strays(journal: Path) -> bool:
    """SIGKILL for every process that the journal's child started; True when there was one."""
    strays = [process for process in _candidates() if _belongs_to(process, journal)]
    _kill(strays)
    return bool(strays)


def until_nothing_is_left(
    end_some: Callable[[], bool],
    *,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Repeat `end_some`, which tells whether there was one, until it found nothing twice in a row.

    For a second at the most: what withstands SIGKILL is left alone.
    """
    give_up = clock() + _GIVE_UP_AFTER
    quiet = 0
    while quiet < _QUIET_LOOKS and clock() < give_up:
        quiet = 0 if end_some() else quiet + 1
        sleep(_BETWEEN_LOOKS)


def _with_descendants(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _candidates() -> list[psutil.Process]:
    if LINUX:
        return psutil.Process().children(recursive=True)
    return list(psutil.process_iter())


def _belongs_to(process: psutil.Process, journal: Path) -> bool:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.environ().get(JOURNAL_VARIABLE) == str(journal)
    except psutil.Error:
        return False


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
