"""`agentos credentials`: the group; its commands are in `cli/credentials/`."""

import click

from agentos.cli.credentials.typed_keys import CarefulGroup
from agentos.cli.exit_codes import IN_A_GROUP
from agentos.cli.lazy_group import CommandPlace

_IN = "agentos.cli.credentials"
_COMMANDS = {
    "add": CommandPlace(f"{_IN}.adding:add", "Store a key, or name the variable that holds it."),
    "list": CommandPlace(f"{_IN}.listing:list_credentials", "Every credential and its state."),
    "test": CommandPlace(f"{_IN}.testing:test", "Make one smallest call with each."),
    "remove": CommandPlace(f"{_IN}.removing:remove", "Take a stored credential away."),
}


@click.group(cls=CarefulGroup, commands_at=_COMMANDS, epilog=IN_A_GROUP)
def credentials() -> None:
    """Add, list, test and remove API keys. A key is never shown, nor taken as an argument.

    \b
    Example:
      agentos credentials add openai
      agentos credentials test openai --model openai/NAME
    """
