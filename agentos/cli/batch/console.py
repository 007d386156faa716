"""The one writer to the terminal, or to whatever stdout is."""

import errno
import fcntl
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable

from agentos.core.clock import Clock

_CAPACITY = 1024 * 1024
"""Bytes that may wait before callers do. `say` may go as far beyond it once more."""

_SLICE = 16 * 1024
"""Bytes of one `os.write`: small, so that a slow reader is seen to make progress."""


def stdout_fd() -> int | None:
    """The descriptor of stdout, None if there is none or stdout is no file.

    The number 1 alone says nothing: in a program that was started without a stdout, the first file
    that it opens may have it.
    """
    try:
        return None if sys.stdout is None else sys.stdout.fileno()
    except (OSError, ValueError):
        return None


class Console:
    """Takes whole lines from many threads and writes them, in order, from one.

    A reader that blocks holds back those who `write` until `patience` seconds after it last took
    something. From then on lines are skipped, until it reads again and a line says how many were.

    `on_error` is called once when nothing can be written any more: from the writing thread (EPIPE,
    EIO, ENOSPC, no memory), or from `start` (EBADF for an `fd` that is None or takes no output).
    What comes later is dropped. Nothing is written, and no error told, before `start`. Takes locks,
    so it is not for signal handlers.
    """

    def __init__(
        self,
        fd: int | None,
        on_error: Callable[[Exception], None],
        *,
        patience: float = 5.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._fd = _duplicate(fd)
        self._on_error = on_error
        self._patience = patience
        self._clock = clock
        self._changed = threading.Condition()
        self._chunks: deque[bytes] = deque()
        self._waiting = 0  # bytes, those of the chunk that is being written included
        self._skipped = 0  # lines
        self._progress_at = clock()  # when the reader last took something, or had all
        self._broken = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def start(self) -> None:
        """Begin to write; if there is nothing to write to, that is told before this returns."""
        if self._fd < 0:
            self._give_up(OSError(errno.EBADF, os.strerror(errno.EBADF)))
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Put whole lines in the queue; they stay together. Waits while it is full."""
        with self._changed:
            while self._waiting >= _CAPACITY and not (self._broken or self._closed):
                left = self._progress_at + self._patience - self._clock()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._accept(data, _CAPACITY)
        return len(data)

    def say(self, text: str) -> None:
        """Put a line of our own in the queue, without ever waiting."""
        with self._changed:
            self._accept(f"{text}\n".encode("utf-8", "backslashreplace"), 2 * _CAPACITY)

    def flush(self) -> None:
        """Nothing to do: what is in the queue is being written."""

    def close(self, timeout: float) -> bool:
        """Take no more, and wait up to `timeout` seconds; whether the writing is over by then."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _accept(self, data: bytes, capacity: int) -> None:
        if self._closed or self._waiting >= capacity:
            self._skipped += data.count(b"\n")
        elif data and not self._broken:
            self._queue(data)

    def _queue(self, data: bytes) -> None:
        if not self._waiting:
            self._progress_at = self._clock()
        self._chunks.append(data)
        self._waiting += len(data)
        self._changed.notify_all()

    def _run(self) -> None:
        try:
            while chunk := self._next():
                self._put(chunk)
        except Exception as error:  # noqa: BLE001 - nothing is shown any more, whatever it is
            self._give_up(error)
        finally:
            if self._fd >= 0:
                os.close(self._fd)

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            self._broken = True
            self._chunks.clear()
            self._waiting = 0
            self._changed.notify_all()
        self._on_error(error)

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._closed)
            return self._chunks.popleft() if self._chunks else b""

    def _put(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            try:
                written = os.write(self._fd, rest[:_SLICE])
            except BlockingIOError:  # another program on the same terminal made it so
                select.select([], [self._fd], [])
                continue
            rest = rest[written:]
            with self._changed:
                self._waiting -= written
                self._progress_at = self._clock()
                if self._skipped and self._waiting < _CAPACITY:
                    self._queue(_notice(self._skipped))
                    self._skipped = 0
                self._changed.notify_all()


def _duplicate(fd: int | None) -> int:
    """A descriptor of our own, which nobody closes and a file takes over; -1 if none can write.

    Above 2, so that a program that runs without stdin gets no console for it.
    """
    try:
        if fd is None or fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            return -1
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    except OSError:
        return -1


def _notice(lines: int) -> bytes:
    were = "line was" if lines == 1 else "lines were"
    return f"[COORDINATOR] {lines} {were} skipped: the console did not keep up\n".encode()
