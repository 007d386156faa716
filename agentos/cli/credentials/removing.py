"""`agentos credentials remove`: an entry out of the file, and its key out of the keyring."""

import os
from contextlib import suppress
from pathlib import Path

import click

from agentos.cli.completion.hooks import complete_own_credentials
from agentos.cli.credentials.elsewhere import entries_here, how_to_take_away
from agentos.cli.credentials.unknown import unknown
from agentos.cli.exit_codes import exit_codes
from agentos.core.config.credential_entries import CredentialEntry
from agentos.core.errors import ConfigError, UsageError
from agentos.core.paths import user_config_folder
from agentos.core.terminal_text import printable
from agentos.models.registry import installed
from agentos.vault.store import Vault
from agentos.workspace.configuration import key_variables, load_providers


@click.command(epilog=exit_codes(done="it is gone"))
@click.argument("name", shell_complete=complete_own_credentials, help="Its name.")
def remove(name: str) -> int:
    """Take a stored credential out of the file and its key out of the system's keyring.

    The key itself stays good until its provider revokes it.

    \b
    Example:
      agentos credentials remove team
    """
    vault = Vault(user_config_folder(os.environ))
    where = vault.remove(name)
    if where is None:
        raise _not_stored(name, vault)
    click.echo(printable(f"Removed {name} from {where}."))
    return 0


def _not_stored(name: str, vault: Vault) -> UsageError:
    here: tuple[CredentialEntry, ...] = ()
    with suppress(ConfigError):
        here = entries_here(Path(), os.environ, key_variables(load_providers(installed())))
    for entry in here:
        if entry.name == name:
            return UsageError(
                f"{name} is not stored: {entry.where} says it", f"type: {how_to_take_away(entry)}"
            )
    return unknown(name, [*vault.names(), *(entry.name for entry in here)])
