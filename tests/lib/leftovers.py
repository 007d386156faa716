"""What a test leaves behind: processes, and open files of its own."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import psutil
from command import wait_until
from processes import is_gone

from agentos.core.systems import LINUX
from agentos.engines import parenthood

_LAST_BREATH = 5.0
"""Seconds in which what was killed may go, and a thread close what it has read to the end."""

_BETWEEN_LOOKS = 0.05
"""Seconds; a process that forks and leaves at once is several others by then."""

_ROUNDS_AGAINST_FORKS = 50


@contextlib.contextmanager
def nothing_left(last_breath: float = _LAST_BREATH) -> Iterator[None]:
    """No process and no descriptor may outlive the block by more seconds; what does is killed.

    Orphans come to us where the system can do that (Linux), so that none escapes the look. A
    zombie is none: it waits for whoever adopted it to take its status.
    """
    parenthood.become_subreaper()
    files, watch = _open_files(), _Watch()
    try:
        yield
        left = watch.await_quiet(last_breath)
        assert not left, f"{len(left)} still running, {left[:5]} among them"
        watch.reap()
        wait_until(lambda: _open_files() == files, f"only {files} are open", patience=last_breath)
    finally:
        watch.end_what_is_left()
        if LINUX:
            parenthood._prctl(parenthood._PR_SET_CHILD_SUBREAPER, 0)


class _Watch:
    """Looks for descendants that were not there when it began."""

    def __init__(self) -> None:
        self._before = _descendants()
        self._seen: set[psutil.Process] = set()

    def await_quiet(self, patience: float) -> list[psutil.Process]:
        """Return once two looks in a row have found nothing new, or what is found in the end.

        One look sees nothing of processes that fork and leave faster than it goes through them, but
        each of them leaves a zombie behind, with us who adopt it.
        """
        deadline = time.monotonic() + patience
        was_quiet = False
        while True:
            found = self._look()
            if was_quiet if not found else time.monotonic() > deadline:
                return found
            was_quiet = not found
            time.sleep(_BETWEEN_LOOKS)

    def end_what_is_left(self) -> None:
        """Kill it by its groups, which spares none that is being forked; in the end, give up."""
        for _ in range(_ROUNDS_AGAINST_FORKS):
            if not (found := self._look()):
                return
            for group in {_group(process) for process in found} - {os.getpgrp()}:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            for process in found:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self.reap()
            time.sleep(_BETWEEN_LOOKS)

    def reap(self) -> None:
        """Take the status of those that came to us and ended."""
        for process in _descendants() - self._before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)

    def _look(self) -> list[psutil.Process]:
        """Those that live, or that were not seen before though they are gone already."""
        found = _descendants() - self._before
        new = found - self._seen
        self._seen |= found
        return [process for process in found if process in new or not is_gone(process.pid)]


def _group(process: psutil.Process) -> int:
    """Also of a zombie, for others of its group may live; ours where that is not known any more."""
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return os.getpgrp()


def _descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _open_files() -> set[str]:
    """Our descriptors, but for the one by which they are listed."""
    return {name for name in os.listdir("/dev/fd") if _is_open(int(name))}


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
