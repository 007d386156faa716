"""A shell on a terminal of its own, in which a page's commands run as a reader types them."""

import contextlib
import os
import re
import secrets
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, MutableSequence, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from doc_output import reached

PATIENCE = 60.0
"""Seconds until a command counts as hung; only a defect ever takes so long."""

# As the leader of a session the shell gets the first terminal that it opens as its own. Each
# command is a file that it reads in itself, so that `cd` and `export` last. The trap keeps it alive
# at a Ctrl-C, which reaches it as well. The mark comes through the terminal, after all output.
_LOOP = """
exec <"$1" >"$1" 2>&1
trap : INT
while IFS= read -r file <&{commands}; do
    . "$file" {commands}<&-
    printf '\\n{mark} %s\\n' "$?"
done
"""

_SGR = re.compile(r"\x1b\[[0-9;]*m")


class Session:
    """One bash, from its start to the end of the page."""

    def __init__(self, folder: Path, scratch: Path, environ: Mapping[str, str]) -> None:
        self._scratch = scratch
        self._mark = f"end-{secrets.token_hex(8)}"
        self._screen, terminal = os.openpty()
        # Lines and columns: no table is cut, however long the name of the temporary folder.
        termios.tcsetwinsize(terminal, (50, 300))
        commands, self._commands = os.pipe()
        loop = _LOOP.format(commands=commands, mark=self._mark)
        self._process = subprocess.Popen(
            ["/bin/bash", "--norc", "--noprofile", "-c", loop, "bash", os.ttyname(terminal)],
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=dict(environ),
            start_new_session=True,
            pass_fds=(commands,),
        )
        os.close(commands)
        self._terminal = terminal  # kept open: a terminal that nobody has open is gone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._terminal, self._screen, self._commands):
            os.close(descriptor)

    def run(
        self,
        command: str,
        expected: Sequence[str] = (),
        types: MutableSequence[tuple[str, str]] | None = None,
    ) -> tuple[int, str]:
        """Type a command; gives its exit code and what the terminal showed.

        A line of `expected` that begins with `^C` is where Ctrl-C is typed. `types` are prompts,
        each with what is typed once it is shown; those that came are taken out. A command that is
        left in the background counts as over once it has shown what is expected.
        """
        file = self._scratch / f"command-{secrets.token_hex(4)}.sh"
        file.write_text(command + "\n", encoding="utf-8")
        os.write(self._commands, f"{file}\n".encode())
        answers = [] if types is None else types
        interrupt = _interruption(expected)
        stays = command.endswith("&")
        raw = b""
        deadline = time.monotonic() + PATIENCE
        while True:
            code, shown = self._so_far(raw)
            if code is not None and (not stays or reached(expected, shown)):
                break
            assert time.monotonic() < deadline, f"`{command}` hangs; it showed:\n{shown}"
            if interrupt is not None and reached(interrupt, shown):
                os.write(self._screen, b"\x03")
                interrupt = None
            if answers and shown.rstrip().endswith(answers[0][0]):
                os.write(self._screen, answers.pop(0)[1].encode())
            if select.select([self._screen], [], [], 0.1)[0]:
                raw += os.read(self._screen, 65536)
        assert interrupt is None, f"`{command}` ended before Ctrl-C; it showed:\n{shown}"
        return code, shown

    def _so_far(self, raw: bytes) -> tuple[int | None, str]:
        """The exit code once there is one, and what was shown without the mark."""
        text = _SGR.sub("", raw.decode("utf-8", "replace")).replace("\r\n", "\n")
        before, mark, after = text.partition(f"\n{self._mark} ")
        code, newline, rest = after.partition("\n")
        return (int(code), before + rest) if mark and newline else (None, text)


def _interruption(expected: Sequence[str]) -> Sequence[str] | None:
    """The lines after which Ctrl-C is typed, None where it is not."""
    at = next((index for index, line in enumerate(expected) if line.startswith("^C")), None)
    return None if at is None else expected[:at]
