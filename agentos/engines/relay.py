"""The way of a child's output: from its pipe, masked, to its log file and to the console."""

import fcntl
import math
import os
import select
import struct
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from agentos.core.errors import EngineBusy
from agentos.core.masking import Masker
from agentos.core.terminal_text import LineCleaner
from agentos.engines.threads import start_thread
from agentos.workflows.parallel.output_prefixer import OutputPrefixer, Stream

_READ_SIZE = 64 * 1024


class OutputRelay:
    """One thread that pumps one pipe until its end, or until `finish`.

    The log gets every byte, masked and otherwise unchanged, and is closed when the thread ends;
    `stream` gets clean lines, as bytes, behind `prefix`. The relay reads a duplicate of `fd` that
    only its thread closes: the caller may close its own at any time after `start`.

    `on_error` is called from the thread, at most once, when the log cannot be written; the output
    still goes to `stream`. A stream that fails is left alone from then on: saying so is its own
    business, and the log goes on.
    """

    def __init__(
        self,
        fd: int,
        prefix: str,
        *,
        log: BinaryIO,
        masker: Masker,
        stream: Stream,
        on_error: Callable[[OSError], None],
    ) -> None:
        self._fd = fd
        self._log: BinaryIO | None = log
        self._masking = masker.stream()
        self._cleaner = LineCleaner()
        self._console: OutputPrefixer | None = OutputPrefixer(prefix, stream)
        self._on_error = on_error
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to pump; raises EngineBusy where no thread can be started."""
        source = os.dup(self._fd)
        wake, self._wake = os.pipe()
        thread = threading.Thread(target=self._run, args=(source, wake), daemon=True)
        try:
            start_thread(thread)
        except EngineBusy:
            os.close(source)
            os.close(wake)
            self._close_log()
            raise
        self._thread = thread

    def finish(self, timeout: float) -> None:
        """Relay what is in the pipe now and end, even if another process still holds the pipe.

        To be called when the child is gone. Waits up to `timeout` seconds: only a console that
        does not keep up can take so long, and the thread then goes on and ends by itself.
        """
        if self._wake is not None:
            with suppress(BrokenPipeError):  # the thread has ended, and closed its side
                os.write(self._wake, b"\0")
            os.close(self._wake)
            self._wake = None
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, source: int, wake: int) -> None:
        try:
            self._pump(source, wake)
            self._deliver(self._masking.finish())
            self._show(self._cleaner.finish())
        finally:
            os.close(source)
            os.close(wake)
            self._close_log()

    def _pump(self, source: int, wake: int) -> None:
        poll = select.poll()
        poll.register(source, select.POLLIN)
        poll.register(wake, select.POLLIN)
        left: float = math.inf
        while left > 0:
            ready = {fd for fd, _ in poll.poll()}
            if wake in ready:
                # What the child wrote is there; what others might still write has no end.
                poll.unregister(wake)
                left = _bytes_in(source)
                continue
            chunk = os.read(source, int(min(left, _READ_SIZE)))
            if not chunk:
                return
            left -= len(chunk)
            self._deliver(self._masking.feed(chunk))

    def _deliver(self, masked: bytes) -> None:
        self._write_log(masked)
        self._show(self._cleaner.feed(masked))

    def _write_log(self, data: bytes) -> None:
        if self._log is not None:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[self._log.write(rest) :]
            except OSError as error:
                with suppress(OSError):  # what it may still hold cannot be written either
                    self._log.close()
                self._log = None
                self._on_error(error)

    def _show(self, lines: bytes) -> None:
        if self._console is not None and lines:
            try:
                self._console.write(lines)
            except (OSError, ValueError):  # ValueError: a file object that somebody closed
                self._console = None

    def _close_log(self) -> None:
        if self._log is not None:
            try:
                self._log.close()
            except OSError as error:
                self._on_error(error)


def _bytes_in(fd: int) -> int:
    (size,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
    return int(size)
