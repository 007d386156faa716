"""Lines behind a prefix, so that what many workers print at once can be told apart."""

import sys
from typing import Any, AnyStr, Generic, Protocol


class Stream(Protocol):
    """What a prefixer needs of where it writes to."""

    def write(self, chunk: Any, /) -> object:
        """Take whole lines, all `str` or all `bytes`."""

    def flush(self) -> object:
        """Pass on what was taken."""


class OutputPrefixer:
    """A file-like object that writes complete lines only, each behind `prefix` and a space.

    What goes in as `str` comes out as `str`, and bytes as bytes; a line that was begun in the one
    kind and is ended in the other comes out in the latter. Empty lines carry no prefix. All lines
    that one chunk completes go out as one `stream.write`. Without a stream, whatever `sys.stdout`
    is at that moment is written to.
    """

    def __init__(self, prefix: str, stream: Stream | None = None) -> None:
        self._stream = stream
        self._text = _Lines(f"{prefix} ", "\n")
        self._raw = _Lines(f"{prefix} ".encode(), b"\n")

    def write(self, chunk: str | bytes) -> int:
        """Write the lines that `chunk` completes, keep the rest; returns the chunk's length."""
        if isinstance(chunk, bytes):
            if begun := self._text.take():
                self._raw.complete(begun.encode("utf-8", "backslashreplace"))
            self._emit(self._raw.complete(chunk))
        else:
            if begun_raw := self._raw.take():
                self._text.complete(begun_raw.decode("utf-8", "backslashreplace"))
            self._emit(self._text.complete(chunk))
        return len(chunk)

    def flush(self) -> None:
        """End a line that was begun, and flush the stream."""
        for lines in (self._text, self._raw):
            self._emit(lines.end())
        stream = sys.stdout if self._stream is None else self._stream
        if stream is not None:
            stream.flush()

    def _emit(self, lines: str | bytes) -> None:
        if not lines:
            return
        if self._stream is not None:
            self._stream.write(lines)
        elif sys.stdout is None:
            pass  # closed before the program began: `print` says nothing then either
        elif isinstance(lines, str):
            sys.stdout.write(lines)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(lines)


class _Lines(Generic[AnyStr]):
    """The prefixing, for one kind of string."""

    def __init__(self, prefix: AnyStr, newline: AnyStr) -> None:
        self._prefix: AnyStr = prefix
        self._newline: AnyStr = newline
        self._begun: list[AnyStr] = []

    def complete(self, chunk: AnyStr) -> AnyStr:
        """The lines that `chunk` completes, prefixed; empty if it completes none."""
        end = chunk.rfind(self._newline) + 1
        if not end:
            self._begun.append(chunk)
            return chunk[:0]
        block = self.take() + chunk[:end]
        if end < len(chunk):
            self._begun.append(chunk[end:])
        return self._prefixed(block)

    def take(self) -> AnyStr:
        """The line that was begun, without prefix; it is forgotten here."""
        begun = self._newline[:0].join(self._begun)
        self._begun.clear()
        return begun

    def end(self) -> AnyStr:
        """The line that was begun, prefixed and ended."""
        begun = self.take()
        return self._prefixed(begun + self._newline) if begun else begun

    def _prefixed(self, block: AnyStr) -> AnyStr:
        # One newline in front makes the first line like every other. Only replacements: a loop
        # over the lines would be twenty times slower.
        newline, prefix = self._newline, self._prefix
        lines = (newline + block[:-1]).replace(newline, newline + prefix)
        if newline * 2 in block or block.startswith(newline):
            empty = newline + prefix + newline
            lines += newline
            for _ in range(2):  # neighbouring matches share a newline, and only one is found
                lines = lines.replace(empty, newline * 2)
            return lines[1:]
        return lines[1:] + newline
