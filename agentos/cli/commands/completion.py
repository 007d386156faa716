"""To be written."""

import click


@click.command()
def completion() -> None:
    """To be written."""
