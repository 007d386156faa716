"""Handlers for the time of a run; how a run pauses on a terminal is in tests/faults."""

import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from agentos.cli.signals import pause_signal, stand_still, stop_signals


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)
    before = {signum: signal.getsignal(signum) for signum in watched}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


def handle(_signum: int, _frame: FrameType | None) -> None:
    """Nothing is done."""


def test_handlers_are_put_back() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with stop_signals(handle), pause_signal(handle):
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
            assert signal.getsignal(signum) is handle
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGTSTP])
def test_what_came_ignored_stays_ignored(signum: signal.Signals) -> None:
    signal.signal(signum, signal.SIG_IGN)
    with stop_signals(handle), pause_signal(handle):
        assert signal.getsignal(signum) is signal.SIG_IGN


def test_to_stand_still_takes_a_group_that_somebody_can_continue() -> None:
    pid = os.fork()
    if pid == 0:
        os.setsid()  # nobody outside of a session continues what is in it
        with pause_signal(handle):
            stand_still()
            os._exit(signal.getsignal(signal.SIGTSTP) is not handle)
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.waitstatus_to_exitcode(status) == 0
