"""`agentos models`: what can be asked, with which credential, and what is missing."""

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from agentos.cli.exit_codes import exit_codes
from agentos.cli.known_secrets import repeated_secrets
from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.config.credential_entries import CredentialEntry
from agentos.core.config.known_settings import ROLES
from agentos.core.installation import install_command
from agentos.core.masking import Masker
from agentos.core.providers import Provider
from agentos.core.terminal_text import printable
from agentos.models.catalog import missing_package
from agentos.models.command.presets import PRESETS
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.project import open_project


@click.command(epilog=exit_codes(done="they are shown"))
@project_option
def models(project: Path) -> int:
    """Show the providers of models, the credentials they would use, and what is missing.

    A model is named PROVIDER/NAME, where NAME is what the provider calls it.

    \b
    Example:
      agentos models
      agentos parallel lld --all --drafter openai/NAME --reviewer anthropic/NAME
    """
    layers = read_layers(open_project(project, os.environ).root, os.environ)
    entries = layers.entries_of_credentials(os.environ)
    rows = [("PROVIDER", "PACKAGE", "CREDENTIALS", "WHERE")]
    for name in layers.entries:
        provider = layers.providers.get(name)
        if provider is None:
            rows.append((name, "cannot be imported", "", ""))
            continue
        rows.append(
            (
                name if provider.has_one_model else f"{name}/NAME",
                _package(provider),
                _credentials(provider, layers, entries),
                _address(provider, layers),
            )
        )
    # An address may hold a key, where one was put into its path.
    mask = Masker(repeated_secrets(os.environ)).mask
    click.echo(render_table([[mask(cell) for cell in row] for row in rows]))
    for name, provider in layers.providers.items():
        if missing := missing_package(provider):
            # Beside the table, which would cut it on a narrow terminal.
            click.echo(f"The package for {name}: {printable(install_command(missing))}")
    for role in ROLES:
        source = printable(layers.settings.source(role))
        click.echo(f"{role}: {layers.settings.get(role)} ({source})")
    return 0


def _package(provider: Provider) -> str:
    if not provider.requirement:
        return "nothing needed"
    if missing_package(provider):
        return "missing"
    name = provider.requirement.split(">")[0].split("=")[0].split("<")[0].strip()
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return "installed"


def _address(provider: Provider, layers: Layers) -> str:
    """Where the models are, if not at the provider's own service; of a command, its names."""
    if provider.name == "command":
        return ", ".join(sorted({*PRESETS, *layers.settings.names("commands")}))
    setting = ("providers", provider.name, "base_url")
    address: str = layers.settings.get(*setting) or ""
    if not (address and layers.project.untrusted):
        return address
    is_the_projects = layers.settings.source(*setting) == str(layers.project.path)
    return f"{address} (not trusted)" if is_the_projects else address


def _credentials(provider: Provider, layers: Layers, entries: Sequence[CredentialEntry]) -> str:
    """The credentials that are written down; whether each holds a key, `credentials list` says."""
    if provider.has_one_model and not provider.needs_key:
        return "none needed"
    names = [one.name for one in entries if (one.provider or "").partition("/")[0] == provider.name]
    if names:
        return ", ".join(names)
    if not provider.needs_key:
        return "the program's own login"
    if layers.settings.get("providers", provider.name, "base_url"):
        return "none; a server of your own may need none"
    return f"missing: agentos credentials add {provider.name}"
