"""The installed command on a terminal of its own, with somebody who types."""

import os
import select
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from processes import start_on_terminal

from agentos.core.terminal_text import without_sequences

PATIENCE = 30.0
"""Seconds until a wait counts as failed; only a defect ever waits so long."""

END_OF_INPUT = "\x04"
CTRL_C = "\x03"


class Terminal:
    """`agentos ARGUMENTS` in `folder`; use it as a context, so that nothing is left behind."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self._output = bytearray()
        self._is_open = True
        command = [sys.executable, "-m", "agentos", *arguments]
        self._process, self._master = start_on_terminal(
            command, folder, os.environ | dict(environ or {})
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    @property
    def screen(self) -> str:
        """All that was shown, what was typed and echoed included, without escape sequences."""
        text = self._output.decode("utf-8", "replace").replace("\r\n", "\n")
        return without_sequences(text)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Read until the text was shown as often."""
        deadline = time.monotonic() + PATIENCE
        while self.screen.count(text) < times:
            assert time.monotonic() < deadline, f"no {text!r} in {self.screen!r}"
            assert self._read(), f"it ended without {text!r}: {self.screen!r}"

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def answer(self, question: str, line: str) -> None:
        """Wait for the question and type the line, with Enter."""
        self.wait_for(question)
        self.type(f"{line}\r")

    def finish(self) -> int:
        """Read to the end; the exit code as a shell tells it, 130 for SIGINT."""
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, self.screen
        code = self._process.wait(PATIENCE)
        return 128 - code if code < 0 else code

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.type(CTRL_C)

    def hang_up(self) -> int:
        """Close the terminal's window; the exit code, as `finish` gives it."""
        self._close()
        code = self._process.wait(PATIENCE)
        return 128 - code if code < 0 else code

    def _close(self) -> None:
        if self._is_open:
            os.close(self._master)
        self._is_open = False

    def _read(self) -> bool:
        """Take what is there; False once nobody will write any more."""
        if not select.select([self._master], [], [], 0.05)[0]:
            return True
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # EIO: the last of them has closed it
            return False
        self._output += chunk
        return bool(chunk)
