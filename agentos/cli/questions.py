"""Questions on a terminal: each has a default, which Enter takes, as the end of input does."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from agentos.core.errors import UsageError
from agentos.core.terminal_text import printable

AnswerT = TypeVar("AnswerT")


def on_terminal() -> bool:
    """Whether somebody is there to answer, and sees what is asked."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


class Questions:
    """Asks on stderr, so that stdout may go to a file; after the end of input nobody is asked."""

    def __init__(self) -> None:
        self._ended = False

    def ask(self, question: str, default: str, read: Callable[[str], AnswerT]) -> AnswerT:
        """What `read` makes of the answer; what it raises as UsageError is told, and asked again.

        Raises it where nobody is there any more to answer better.
        """
        while True:
            shown = f" [{default}]" if default else ""
            answer = self._line(f"{question}{shown}: ") or default
            try:
                return read(answer)
            except UsageError as error:
                if self._ended:
                    raise
                hint = f": {error.hint}" if error.hint else ""
                click.echo(f"  {printable(f'{error}{hint}')}", err=True)

    def confirm(self, question: str, *, default: bool) -> bool:
        """Yes or no."""
        shown = "Y/n" if default else "y/N"
        while True:
            answer = self._line(f"{question} [{shown}]: ").lower()
            if not answer:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")

    def _line(self, prompt: str) -> str:
        """What was typed, empty for nothing and at the end of input. Ctrl-C goes through."""
        if self._ended:
            return ""
        click.echo(prompt, nl=False, err=True)
        line = sys.stdin.buffer.readline()
        if not line.endswith(b"\n"):
            self._ended = True
            click.echo(err=True)
        return line.decode("utf-8", "replace").strip()
