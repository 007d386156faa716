"""`agentos credentials remove`: an entry out of the file, and its key out of the keyring."""

import difflib
import os
from contextlib import suppress

import click

from agentos.cli.completion.hooks import complete_own_credentials
from agentos.cli.credentials.elsewhere import entries_here, how_to_take_away
from agentos.cli.exit_codes import exit_codes
from agentos.core.config.credential_entries import CredentialEntry, shown_name
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
        here = entries_here(os.environ, key_variables(load_providers(installed())))
    for entry in here:
        if entry.name == name:
            return UsageError(
                f"{name} is not stored: {entry.where} says it", f"type: {how_to_take_away(entry)}"
            )
    return UsageError(*unknown(name, [*vault.names(), *(entry.name for entry in here)]))


def unknown(name: str, names: list[str]) -> tuple[str, str]:
    """A sentence about a credential that there is not, and a hint."""
    close = difflib.get_close_matches(name, names, n=1)
    called = "" if shown_name(name) == "..." else f" {name}"
    return (
        f"there is no credential{called}",
        f"is {close[0]} meant?" if close else "agentos credentials list shows those that there are",
    )
