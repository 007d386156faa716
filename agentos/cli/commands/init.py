"""To be written."""

import click


@click.command()
def init() -> None:
    """To be written."""
