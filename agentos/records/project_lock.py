"""One `parallel` command per project: a lock that says who holds it."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import filelock
import psutil

from agentos.core.clock import Now, timestamp
from agentos.core.errors import LockedError, UsageError
from agentos.core.files import read_regular

_PID_END = 2**31

_LOOKS, _BETWEEN_LOOKS = 10, 0.05  # seconds


class Holder(NamedTuple):
    """Who holds a lock, as that process wrote it down; `started` is ISO 8601 in UTC."""

    pid: int
    started: str

    def __str__(self) -> str:
        return f"process {self.pid}, started {self.started}"


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
        hint = "move it away" if path.is_dir() else ""
        raise UsageError(f"{path} cannot be locked: {error.strerror}", hint) from None
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


def current_holder(path: Path) -> Holder | None:
    """Who holds the lock now; nothing is written, and nobody kept from taking it.

    None too for a process that took it this instant and has not said who it is.
    """
    holder = _read(path)
    # Whose process is gone does not hold it: then there is nothing to try, and nobody to disturb.
    if holder is None or not psutil.pid_exists(holder.pid):
        return None
    return holder if _is_held(path) else None


def is_held_by_nobody_known(path: Path) -> bool:
    """Whether a process holds the lock, and the file says something else than whose it is."""
    try:
        is_overwritten = bool(read_regular(path).strip()) and _read(path) is None
    except OSError:
        return False
    return is_overwritten and _is_held(path)


def _is_held(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False  # closing the file has let go of it


def _holder(path: Path) -> str:
    """Who holds it, in words; one that took it this instant is given time to say so."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN_LOOKS)
        holder = _read(path)
        if holder and psutil.pid_exists(holder.pid):  # else an earlier one's name stands there
            return str(holder)
    return "a process that has not said who it is yet"


def _read(path: Path) -> Holder | None:
    try:
        data = json.loads(read_regular(path))
        holder = Holder(int(data["pid"]), str(data["started"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return holder if 0 < holder.pid < _PID_END else None
