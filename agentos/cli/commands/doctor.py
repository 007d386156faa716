"""To be written."""

import click


@click.command()
def doctor() -> None:
    """To be written."""
