"""The signals that ask a command to end or to pause, handled for as long as it runs."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PAUSING = signal.SIGTSTP  # what Ctrl-Z sends

Handler = Callable[[int, FrameType | None], None]


@contextlib.contextmanager
def stop_signals(handler: Handler) -> Iterator[None]:
    """Install `handler` for the block and put back what was there; main thread only.

    A SIGHUP that came ignored (`nohup`) stays ignored.
    """
    wanted = dict.fromkeys(_STOPPING, handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del wanted[signal.SIGHUP]
    with _installed(wanted):
        yield


@contextlib.contextmanager
def pause_signal(handler: Handler) -> Iterator[None]:
    """The same for Ctrl-Z, which a shell without job control may have ignored for us."""
    is_ignored = signal.getsignal(_PAUSING) is signal.SIG_IGN
    with _installed({} if is_ignored else {_PAUSING: handler}):
        yield


def stand_still() -> None:
    """Stop this process as Ctrl-Z does by itself; returns once it goes on. Main thread only.

    Where nobody could make it go on (its group is an orphan) the system does not stop it.
    """
    with _installed({_PAUSING: signal.SIG_DFL}):
        os.kill(os.getpid(), _PAUSING)


@contextlib.contextmanager
def _installed(wanted: Mapping[signal.Signals, Handler | signal.Handlers]) -> Iterator[None]:
    before = {signum: signal.signal(signum, handler) for signum, handler in wanted.items()}
    try:
        yield
    finally:
        for signum, previous in before.items():
            signal.signal(signum, previous)
