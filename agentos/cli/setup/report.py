"""What `agentos init` says while it works: a line for each thing that it did or found."""

import click

from agentos.core.terminal_text import printable


class Report:
    """Prints at once, so that what was done is known whatever fails next."""

    def __init__(self) -> None:
        self.has_done = False

    def did(self, line: str) -> None:
        """Something was written."""
        self.has_done = True
        self.note(line)

    def note(self, line: str) -> None:
        """Something was found, or left as it is."""
        click.echo(printable(line))
