"""What a command says beside its output: on stderr, which nobody has to read."""

import contextlib

import click

from agentos.core.terminal_text import printable


def aside(text: str) -> None:
    """Say it, escaped; one that cannot be said is no error, and no exit code hangs on it."""
    with contextlib.suppress(OSError):
        click.echo(printable(text), err=True)
