"""What the machine refuses around a child, in words: where it has no room now, that may pass."""

import errno
import threading

from agentos.core.errors import EngineBusy, EngineError
from agentos.core.shortage import SHORT

_NO_ROOM = SHORT | {errno.EAGAIN}  # by which fork says that there are too many processes


def not_started(error: OSError, what: str = "") -> EngineError:
    """Why there is no child; an EngineBusy where the machine or the user has no room for one."""
    kind = EngineBusy if error.errno in _NO_ROOM else EngineError
    why = f"{what}: {error.strerror}" if what else error.strerror
    return kind(
        f"no child can be started: {why}", "is the machine out of processes, memory or open files?"
    )


def start_thread(thread: threading.Thread) -> None:
    """Start it; raises EngineBusy where the machine or the user has no room for another."""
    try:
        thread.start()
    except RuntimeError as error:
        raise EngineBusy(
            f"no child can be watched: {error}", "is the machine out of processes or memory?"
        ) from error
