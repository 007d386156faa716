"""The signals that ask a command to end, handled for as long as it runs."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], None]


@contextlib.contextmanager
def stop_signals(handler: Handler) -> Iterator[None]:
    """Install `handler` for the block and put back what was there; main thread only.

    A SIGHUP that came ignored (`nohup`) stays ignored.
    """
    before = {
        signum: signal.signal(signum, handler)
        for signum in _STOPPING
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for signum, previous in before.items():
            signal.signal(signum, previous)
