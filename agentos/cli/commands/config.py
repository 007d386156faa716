"""`agentos config`: the group; its commands are in `settings.py`."""

import click

from agentos.cli.exit_codes import IN_A_GROUP
from agentos.cli.lazy_group import CommandPlace, LazyGroup

_COMMANDS = {
    "show": CommandPlace(
        "agentos.cli.commands.settings:show", "Every setting, its value, and where it was set."
    ),
    "trust": CommandPlace(
        "agentos.cli.commands.settings:trust", "Let a project's own config count."
    ),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS, epilog=IN_A_GROUP)
def config() -> None:
    """Show the settings that count, and trust a project's own.

    \b
    Example:
      agentos config show
    """
