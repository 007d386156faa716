"""Interactive shells on a pseudo-terminal, driven as a person does: by keys, and by looking."""

import os
import select
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil
from processes import start_on_terminal

from agentos.core.terminal_text import without_sequences

PROMPT = "ready> "
"""What the shell has to be told to show; nothing else may hold it."""

PATIENCE = 60.0
"""Seconds until a wait counts as failed; only a defect ever waits so long."""

_WHO_ARE_YOU = (b"\x1b[c", b"\x1b[0c")  # newer versions of fish ask, and wait for the answer
_A_VT220 = b"\x1b[?62;c"

_LINE_BEGIN, _LINE_END, _ENTER = "\x01", "\x05", "\r"


class Shell:
    """A shell that was started; as a context it is ended when that is left."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._shown = bytearray()
        self._line = folder / "line.txt"
        self._process, self._terminal = start_on_terminal(argv, folder, environ)
        self.wait_until(lambda: PROMPT in self.screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    @property
    def shown(self) -> bytes:
        """What came to the terminal since the last command."""
        return bytes(self._shown)

    @property
    def screen(self) -> str:
        """The same as text, without escape sequences."""
        return without_sequences(self.shown.decode("utf-8", "replace"))

    def completed(self, line: str) -> str:
        """What one Tab makes of the line; it is not run."""
        self._line.unlink(missing_ok=True)
        self._shown.clear()
        self._type(f"{line}\t")
        # The shell itself says what stands there now.
        self._type(f"{_LINE_END} >{self._line}{_LINE_BEGIN}echo {_ENTER}")
        self.wait_until(lambda: self._line.exists() and self._line.read_text().endswith("\n"))
        self.wait_until(lambda: self.screen.rstrip("\r").endswith(PROMPT))
        return self._line.read_text().rstrip()

    def offered(self, line: str, last: str) -> str:
        """The screen with what Tab, pressed twice, offers, once it shows `last`; ends the shell."""
        self._shown.clear()
        self._type(f"{line}\t\t")
        self.wait_until(lambda: last in self.screen)
        return self.screen

    def enter(self, line: str) -> None:
        """Type a line and Enter; the screen begins anew."""
        self._shown.clear()
        self._type(line + _ENTER)

    def press(self, key: str) -> None:
        """Type one key."""
        self._type(key)

    def children(self) -> list[psutil.Process]:
        """What the shell has started and what still runs."""
        return psutil.Process(self._process.pid).children()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Read until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {self.screen!r}"
            self._read()

    def _type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def _read(self) -> None:
        if not select.select([self._terminal], [], [], 0.01)[0]:
            return
        chunk = os.read(self._terminal, 65536)
        self._shown += chunk
        if any(question in chunk for question in _WHO_ARE_YOU):
            os.write(self._terminal, _A_VT220)
