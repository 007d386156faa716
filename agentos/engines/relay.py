"""The way of a child's output: from its pipe, masked, to its log file and to the console."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

from agentos.core.errors import EngineError
from agentos.core.masking import Masker
from agentos.core.terminal_text import LineCleaner
from agentos.engines.no_room import not_started
from agentos.engines.pipe_reader import PipeReader
from agentos.workflows.parallel.output_prefixer import OutputPrefixer, Stream


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
        self._reader: PipeReader | None = None

    def start(self, on_fault: Callable[[Exception], None]) -> None:
        """Begin to pump; `on_fault` hears from the thread why it pumps no more.

        Raises EngineBusy where the machine or the user has no room for it.
        """
        try:
            self._reader = self._started_reader(on_fault)
        except EngineError:
            self._close_log()
            raise

    def _started_reader(self, on_fault: Callable[[Exception], None]) -> PipeReader:
        try:
            source = os.dup(self._fd)
        except OSError as error:
            raise not_started(error) from error
        reader = PipeReader(source, "relay", self._pump, on_fault)
        reader.start()
        return reader

    def finish(self, timeout: float) -> None:
        """Relay what is in the pipe now and end, even if another process still holds the pipe.

        To be called when the child is gone. Waits up to `timeout` seconds: only a console that
        does not keep up can take so long, and the thread then goes on and ends by itself.
        """
        if self._reader is not None:
            self._reader.finish(timeout)

    def _pump(self, chunks: Iterator[bytes]) -> None:
        try:
            for chunk in chunks:
                self._deliver(self._masking.feed(chunk))
            self._deliver(self._masking.finish())
            self._show(self._cleaner.finish())
        finally:
            self._close_log()

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
