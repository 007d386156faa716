"""`agentos credentials list`: every credential, where it is, and what state it is in."""

import os
from pathlib import Path

import click

from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.config.credential_entries import CREDENTIALS_FILE, Origin
from agentos.core.paths import user_config_folder
from agentos.core.terminal_text import printable
from agentos.vault.system_keyring import read_secret
from agentos.workspace.configuration import read_layers
from agentos.workspace.credential_standing import (
    CredentialStanding,
    credential_standings,
    whereabouts,
)
from agentos.workspace.project import open_project

_HEADINGS = ("NAME", "PROVIDER", "QUOTA DOMAIN", "SLOTS", "KEY", "STATE")


@click.command("list", epilog=exit_codes(done="they are shown"))
@project_option
def list_credentials(project: Path) -> int:
    """Show every credential and its state, and nothing of its key.

    What a provider limits is its quota domain: as of today each credential counts as one. SLOTS is
    how many calls may be made with it at once.

    \b
    Example:
      agentos credentials list
    """
    layers = read_layers(open_project(project, os.environ).root, os.environ)
    folder = user_config_folder(os.environ)
    found = list(credential_standings(layers, os.environ, folder, read_secret))
    if not found:
        click.echo(
            "There is no credential, and the embedded model needs none. To store a key:\n"
            "  agentos credentials add openai"
        )
        return 0
    click.echo(render_table([_HEADINGS, *map(_row, found)]))
    if any(one.entry.origin is Origin.FILE for one in found):
        click.echo(f"\n{CREDENTIALS_FILE} is {printable(str(folder / CREDENTIALS_FILE))}")
    for hint in dict.fromkeys(one.hint for one in found if one.hint):
        click.echo(printable(hint))
    return 0


def _row(one: CredentialStanding) -> tuple[str, ...]:
    entry = one.entry
    slots = "as -j" if entry.max_concurrent is None else str(entry.max_concurrent)
    return entry.name, entry.provider or "", entry.name, slots, whereabouts(entry), one.state
