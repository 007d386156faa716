"""What Linux lets a process say about its parent and its orphans; elsewhere these do nothing."""

import ctypes
import signal

from agentos.core.systems import LINUX

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def become_subreaper() -> None:
    """Adopt orphaned descendants, so that those which left the session are still found (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def continue_when_parent_dies() -> None:
    """Be sent SIGCONT when the parent's thread is gone: a stopped process sees no EOF (Linux)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
