"""A child and what it started: found by their descent or their environment, and ended."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from agentos.core.clock import Clock
from agentos.core.paths import JOURNAL_VARIABLE
from agentos.core.systems import LINUX

_QUIET_LOOKS = 2
_BETWEEN_LOOKS = 0.001  # seconds, as the next
_GIVE_UP_AFTER = 5.0


def our_descendants() -> list[psutil.Process]:
    """All that descend from this process. On Linux a subreaper's orphans do, elsewhere none is."""
    return psutil.Process().children(recursive=True)


def all_processes() -> list[psutil.Process]:
    """The whole table."""
    return list(psutil.process_iter())


Among = Callable[[], list[psutil.Process]]

where_ours_are: Among = our_descendants if LINUX else all_processes


def kill_tree(pid: int, journal: Path, among: Among = where_ours_are) -> None:
    """SIGKILL for the process, its group and descendants, and all that name the journal as theirs.

    A group is killed in one go, forks in the making included. For those that left it this repeats,
    since a process may fork while it is being killed.
    """
    process = _found(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # which the process leads, if there is one

    def kill_what_is_seen() -> bool:
        if process is not None:
            _kill(_with_descendants(process))
        return kill_strays(journal, among)

    until_nothing_is_left(kill_what_is_seen)


def kill_strays(journal: Path, among: Among = where_ours_are) -> bool:
    """SIGKILL for every process that the journal's child started; True when there was one."""
    strays = [process for process in among() if names_journal(process, journal)]
    _kill(strays)
    return bool(strays)


def names_journal(process: psutil.Process, journal: Path) -> bool:
    """Whether it is alive, and the child of that journal or started by it."""
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.environ().get(JOURNAL_VARIABLE) == str(journal)
    except psutil.Error:
        return False


def until_nothing_is_left(
    end_some: Callable[[], bool],
    *,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Repeat `end_some`, which tells whether there was one, until it found nothing twice in a row.

    For five seconds at the most: what withstands SIGKILL is left alone. OSError means that it could
    not look, for want of an open file.
    """
    give_up = clock() + _GIVE_UP_AFTER
    quiet = 0
    while quiet < _QUIET_LOOKS and clock() < give_up:
        try:
            found = end_some()
        except OSError:
            found = True
        quiet = 0 if found else quiet + 1
        sleep(_BETWEEN_LOOKS)


def _found(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except (psutil.Error, OSError):
        return None


def _with_descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:  # it is gone, and its number may be another's by now
        return []


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
