"""A thread that reads a pipe: to its end, or to that of what a process wrote that is gone."""

import fcntl
import math
import os
import select
import struct
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from agentos.engines.no_room import not_started, start_thread

_READ_SIZE = 64 * 1024


class PipeReader:
    """Hands what it reads of `source` to `work`, which runs on the thread.

    `source` is its own from the beginning: it is closed when the thread ends or cannot be started.
    `on_fault` hears from the thread what ended it before its time: who writes must not wait then.
    """

    def __init__(
        self,
        source: int,
        name: str,
        work: Callable[[Iterator[bytes]], None],
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._source = source
        self._work = work
        self._on_fault = on_fault
        self._wake: int | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read; raises EngineBusy where the machine or the user has no room for it."""
        try:
            self._told, self._wake = os.pipe()
        except OSError as error:
            os.close(self._source)
            raise not_started(error) from error
        try:
            start_thread(self._thread)
        except BaseException:
            for fd in (self._source, self._told, self._wake):
                os.close(fd)
            self._wake = None
            raise

    def finish(self, timeout: float | None = None) -> None:
        """Read what is in the pipe now and end, even if another process still holds the pipe.

        To be called when the writer that counts is gone. Waits up to `timeout` seconds for `work`,
        None for ever; if it takes longer the thread goes on and ends by itself.
        """
        if self._wake is not None:
            with suppress(BrokenPipeError):  # the thread has ended, and closed its side
                os.write(self._wake, b"\0")
            os.close(self._wake)
            self._wake = None
        if self._thread.ident is not None:  # else it could not be started
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._work(self._chunks())
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody has to know
            self._on_fault(error)
        finally:
            os.close(self._source)
            os.close(self._told)

    def _chunks(self) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(self._source, select.POLLIN)
        poll.register(self._told, select.POLLIN)
        left: float = math.inf
        while left > 0:
            ready = {fd for fd, _ in poll.poll()}
            if self._told in ready:
                # What the child wrote is there; what others might still write has no end.
                poll.unregister(self._told)
                left = _bytes_in(self._source)
                continue
            chunk = os.read(self._source, int(min(left, _READ_SIZE)))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


def _bytes_in(fd: int) -> int:
    (size,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
    return int(size)
