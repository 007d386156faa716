"""Real programs that stand in for a vendor's, and a look at what they leave behind."""

import os
import sys
from pathlib import Path

from processes import is_gone

from agentos.core.calls import Answer, Refusal, Request, RequestKind
from agentos.core.model_settings import CommandSettings, ModelSettings, TimeLimits
from agentos.models.command import PROVIDER, CommandModel

PATIENCE = 60.0  # seconds; only a failing test takes them
AMPLE = TimeLimits(idle=PATIENCE, total=PATIENCE)
KEY_VARIABLE = "STAND_IN_KEY"

REQUEST = Request(RequestKind.DRAFT_LLD, template="# LLD", source="The café is closed.")

FAMILY = """
import os, sys
record = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def note(): os.write(record, f"{os.getpid()} {os.getcwd()}\\n".encode())
note()
ready, begun = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note()
        os.execve("/bin/sleep", ["sleep", "600"], {})
    os._exit(0)
if os.fork() == 0:
    note()
    os.execv("/bin/sleep", ["sleep", "600"])
os.close(begun)
os.read(ready, 1)  # ends when both have become what they are
note()
"""
"""Starts one process that stays, and one that leaves session and parent and has no environment."""


class Programs:
    """Writes programs into a folder, all of them Python."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, body: str, name: str = "stand-in") -> str:
        """The path of a program that runs `body`."""
        path = self._folder / name
        path.write_text(f"#!{sys.executable} -IS\n{body}")
        path.chmod(0o755)
        return str(path)

    def model(
        self,
        body: str,
        *arguments: str,
        limits: TimeLimits = AMPLE,
        output: str = "text",
        keep: tuple[str, ...] = (),
    ) -> CommandModel:
        """A model whose program runs `body`."""
        command = CommandSettings((self.write(body), *arguments), output, KEY_VARIABLE, keep)
        settings = ModelSettings("command/stand-in", command=command, time_limits=limits)
        model = PROVIDER.build(settings, os.environ)
        assert isinstance(model, CommandModel)
        return model

    def ask(self, body: str, secret: str | None = None, output: str = "text") -> Answer | Refusal:
        """What a program that runs `body` comes to."""
        return self.model(body, output=output).complete(REQUEST, secret)


class Record:
    """Where the processes of FAMILY note their ids and working folders."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def pids(self) -> set[int]:
        """Those of the program and of its two descendants."""
        return {int(line.split()[0]) for line in self._lines}

    @property
    def program(self) -> int:
        """The program's own id."""
        return int(self._lines[0].split()[0])

    @property
    def is_complete(self) -> bool:
        """Whether the whole family is there, and has become what it is."""
        return len(self._lines) == 4

    def nothing_left(self) -> bool:
        """Whether the family is gone, and its folder."""
        folder = Path(self._lines[0].split()[1])
        return all(map(is_gone, self.pids)) and not folder.exists()

    @property
    def _lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []
