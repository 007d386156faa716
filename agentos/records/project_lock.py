"""One `parallel` command per project: a lock that says who holds it."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import filelock

from agentos.core.clock import Now, timestamp
from agentos.core.errors import LockedError, UsageError


@contextlib.contextmanager
def project_lock(path: Path, *, now: Now) -> Iterator[None]:
    """Hold the lock for the block; the system lets go of it however the process ends.

    Raises LockedError, naming the holder's pid and start, when another process holds it.
    """
    lock = filelock.FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise LockedError(
            f"another agentos works on this project: {_holder(path)}",
            "wait for it to end, or stop it with Ctrl-C or SIGINT",
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be locked: {error.strerror}") from None
    holder = {"pid": os.getpid(), "started": timestamp(now())}
    try:
        try:
            path.write_text(json.dumps(holder) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", "free some space, then run again"
            ) from None
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(holder['pid'])}, started {holder['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has not said who it is yet"
