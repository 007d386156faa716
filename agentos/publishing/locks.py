"""Locks between processes that write the same files; the system frees them however one ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentos.core.errors import ItemError, LockedError

LOCK_TIMEOUT = 10.0
"""Seconds; whoever holds one of these locks has it for milliseconds."""


@contextmanager
def held(path: Path, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
    """Hold the lock file for the block. Raises LockedError after `timeout` seconds of waiting."""
    import filelock  # noqa: PLC0415 - 25 ms that most children never need

    lock = filelock.FileLock(path, timeout=timeout)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise LockedError(
            f"{path} has been held by another process for {timeout:g} s",
            "wait for it to end, or stop it, then run again",
        ) from None
    except OSError as error:
        raise ItemError(
            f"{path} cannot be locked: {error.strerror or error}", "make its folder writable"
        ) from error
    try:
        yield
    finally:
        lock.release()
