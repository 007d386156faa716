"""To be written."""

import click


@click.group()
def credentials() -> None:
    """To be written."""
