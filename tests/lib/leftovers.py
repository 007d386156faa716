"""What a test leaves behind: processes, and open files of its own."""

import contextlib
import os
from collections.abc import Iterator

import psutil
from command import still_running, wait_until

from agentos.engines import parenthood
from agentos.engines.process_tree import reap_adopted

_LAST_BREATH = 2.0
"""Seconds in which what was killed may go, and a thread close what it has read to the end."""


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """No process and no descriptor may outlive the block.

    Orphans come to us where the system can do that (Linux), so that none escapes the look. A
    zombie is none: it waits for whoever adopted it to take its status.
    """
    parenthood.become_subreaper()
    files, before = _open_files(), _descendants()
    try:
        yield
        left = still_running(list(_descendants() - before), after=_LAST_BREATH)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert not left, f"still running: {left}"
        reap_adopted(process.pid for process in before)
        wait_until(lambda: _open_files() == files, f"only {files} are open", patience=_LAST_BREATH)
    finally:
        if parenthood.LINUX:
            parenthood._prctl(parenthood._PR_SET_CHILD_SUBREAPER, 0)


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
