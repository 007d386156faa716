"""What a child started and left behind: found by its environment, ended, and reaped."""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from agentos.core.paths import JOURNAL_VARIABLE
from agentos.engines.parenthood import LINUX

_ROUNDS_AGAINST_FORKS = 50


def kill_tree(pid: int, journal: Path) -> None:
    """SIGKILL for the process, its group and descendants, and all that name the journal as theirs.

    A group is killed in one go, forks in the making included. For those that left it this repeats
    until nothing is found, since a process may fork while it is being killed.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # which the process leads, if there is one
    for _ in range(_ROUNDS_AGAINST_FORKS):
        with contextlib.suppress(psutil.Error):
            _kill(_with_descendants(psutil.Process(pid)))
        if not kill_strays(journal):
            return


def kill_strays(journal: Path) -> bool:
    """SIGKILL for every process that the journal's child started; True when there was one."""
    strays = [process for process in _candidates() if _belongs_to(process, journal)]
    _kill(strays)
    return bool(strays)


def reap_adopted(ours: Iterable[int]) -> None:
    """Take the exit status of adopted orphans that ended; `ours` are waited for elsewhere."""
    if not LINUX:
        return
    known = set(ours)
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if process.pid not in known and process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)


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
