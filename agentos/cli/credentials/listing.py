"""`agentos credentials list`: every credential, where it is, and what state it is in."""

import os
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

import click

from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.config.credential_entries import LIMIT_KEYS, CredentialEntry, Origin
from agentos.core.config.credential_places import CREDENTIALS_FILE
from agentos.core.credentials import RateLimits
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
_LIMIT_HEADINGS = ("QUOTA DOMAIN", *(key.upper().replace("_", " ") for key in LIMIT_KEYS))


@click.command("list", epilog=exit_codes(done="they are shown"))
@project_option
def list_credentials(project: Path) -> int:
    """Show every credential and its state, and nothing of its key.

    What a provider limits is a quota domain, which credentials share if they say so. SLOTS is how
    many calls may be made in it at once. Where its limits are known, they are shown, too: requests
    and tokens in a minute, for each model.

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
    if limits := _limits(one.entry for one in found if one.is_trusted):
        click.echo("\n" + render_table([_LIMIT_HEADINGS, *limits]))
    if any(one.entry.origin is Origin.FILE for one in found):
        click.echo(f"\n{CREDENTIALS_FILE} is {printable(str(folder / CREDENTIALS_FILE))}")
    for hint in dict.fromkeys(one.hint for one in found if one.hint):
        click.echo(printable(hint))
    return 0


def _row(one: CredentialStanding) -> tuple[str, ...]:
    entry = one.entry
    slots = "as -j" if entry.max_concurrent is None else str(entry.max_concurrent)
    provider = entry.provider or ""
    return entry.name, provider, entry.domain_name, slots, whereabouts(entry), one.state


def _limits(entries: Iterable[CredentialEntry]) -> list[tuple[str, ...]]:
    """A row for each domain of which some limit is known."""
    said = {entry.domain_name: entry.limits for entry in entries if entry.limits != RateLimits()}
    return [
        (name, *("" if count is None else f"{count:,}" for count in astuple(limits)))
        for name, limits in said.items()
    ]
