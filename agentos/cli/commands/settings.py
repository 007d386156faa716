"""`agentos config show` and `agentos config trust`: what counts, and where it was set."""

import os
from contextlib import suppress
from pathlib import Path

import click

from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.config.credential_entries import described_entry
from agentos.core.config.kinds import Value
from agentos.core.config.known_settings import ROLES
from agentos.core.config.schema import dotted, needs_trust
from agentos.core.config.settings import from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import ConfigError
from agentos.core.paths import user_config_folder
from agentos.core.terminal_text import printable
from agentos.models.catalog import choose, is_set
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.project import open_project


@click.command(epilog=exit_codes(done="the settings are shown"))
@project_option
def show(project: Path) -> int:
    """Show every setting that counts, its value, and where that was set.

    \b
    Example:
      agentos config show --project ~/src/shelf
    """
    layers = read_layers(open_project(project, os.environ).root, os.environ)
    rows = [
        (dotted(setting.path), _shown(setting.value), setting.source) for setting in layers.settings
    ]
    click.echo(render_table([*rows, *_defaults(layers)]))
    if layers.project.untrusted:
        asks, hint = ", ".join(layers.project.untrusted), layers.project.how_to_trust
        click.echo(
            f"\nNot trusted, so nothing runs: {printable(asks)}. "
            f"{printable(hint[0].upper() + hint[1:])}"
        )
    return 0


@click.command(epilog=exit_codes(done="the config is trusted, or asks for no trust"))
@project_option
def trust(project: Path) -> int:
    """Let a project's own config say where models are, and which programs are run.

    It counts for the file as it is now; once it says something else it has to be trusted again.

    \b
    Example:
      agentos config trust --project ~/src/shelf
    """
    store = TrustStore(user_config_folder(os.environ))
    found = from_project(open_project(project, os.environ).root, store)
    name = printable(str(found.path))
    if not found.untrusted:
        click.echo(f"Nothing to trust: {name} sets nothing that would need it, or is trusted.")
        return 0
    rows = [
        (dotted(setting.path), _shown(setting.value))
        for setting in found.settings
        if needs_trust(setting.path, setting.value)
    ]
    rows += [("credential", described_entry(one)) for one in found.credentials]
    store.trust(found.path, found.digest)
    click.echo(f"Trusted from now on, in {name}:")
    for setting, value in rows:  # in full: what is cut off could be what matters
        click.echo(f"  {printable(setting)} = {printable(value)}")
    return 0


def _defaults(layers: Layers) -> list[tuple[str, str, str]]:
    """What counts for the models that are chosen where nobody set it."""
    rows: dict[str, str] = {}
    for role in ROLES:
        with suppress(ConfigError):  # which the command that needs the model tells
            chosen = choose(layers.settings.get(role), layers.settings, layers.entries)
            if not chosen.provider.is_free:
                rows |= {
                    dotted(("models", chosen.settings.name, key)): f"{value:g}"
                    for key, value in chosen.settings.limits().items()
                    if not is_set(chosen.settings.name, key, layers.settings)
                }
    return [(name, value, "default") for name, value in sorted(rows.items())]


def _shown(value: Value) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
