"""`agentos runs`: what is kept of earlier runs."""

import os
from pathlib import Path

import click

from agentos.cli.exit_codes import IN_A_GROUP, exit_codes
from agentos.cli.lazy_group import CommandPlace, LazyGroup
from agentos.cli.options import project_option
from agentos.core.errors import UsageError

_COMMANDS = {
    "prune": CommandPlace(f"{__name__}:prune", "Delete the records of old runs."),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS, epilog=IN_A_GROUP)
def runs() -> None:
    """Tidy up what earlier runs left behind.

    \b
    Example:
      agentos runs prune --keep 10
    """


@click.command(epilog=exit_codes(done="what was to go is gone"))
@click.option(
    "--keep",
    type=click.IntRange(0, 1_000_000),
    required=True,
    metavar="N",
    help="How many of the last runs to keep.",
)
@project_option
def prune(keep: int, project: Path) -> int:
    """Delete the records of all runs but the last N.

    One that is not finished stays, and one of an item that failed and has not finished since.
    `agentos parallel` keeps the last 50 by itself.

    \b
    Example:
      agentos runs prune --keep 10
    """
    from agentos.records.pruning import prune_runs  # noqa: PLC0415 - not for --help or Tab
    from agentos.records.state_folder import check_state  # noqa: PLC0415
    from agentos.workspace.project import open_project  # noqa: PLC0415

    opened = open_project(project, os.environ)
    check_state(opened.state, opened.root)  # nothing is deleted behind a symlink
    pruned = prune_runs(opened.state, keep)
    click.echo(f"{len(pruned.ids)} {'run' if len(pruned.ids) == 1 else 'runs'} deleted")
    if pruned.failures:
        raise UsageError("; ".join(pruned.failures))
    return 0
