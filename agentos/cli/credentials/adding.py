"""`agentos credentials add`: a key into the system's keyring or the user's file."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from agentos.cli.asides import aside
from agentos.cli.completion.hooks import complete_account
from agentos.cli.credentials.elsewhere import entries_here, how_to_take_away
from agentos.cli.credentials.limits import (
    check_quotas,
    limit_options,
    settings_of,
    wanted_entry,
)
from agentos.cli.credentials.providers import ask_for_provider, checked_taker, takers_of_keys
from agentos.cli.credentials.secret_input import read_secret
from agentos.cli.credentials.typed_keys import CarefulCommand
from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import Choice
from agentos.core.config.credential_entries import (
    CredentialEntry,
    Origin,
    checked_name,
    shown_variable,
)
from agentos.core.errors import ConfigError, UsageError
from agentos.core.installation import install_command
from agentos.core.paths import user_config_folder
from agentos.core.providers import Provider
from agentos.core.terminal_text import printable
from agentos.models.catalog import check_package
from agentos.models.registry import installed
from agentos.vault.store import Vault, taken
from agentos.vault.system_keyring import REQUIREMENT, SystemKeyring, is_installed, open_keyring
from agentos.workspace.configuration import key_variables, load_providers


@click.command(cls=CarefulCommand, epilog=exit_codes(done="it is stored"))
@click.argument("name", help="What it is to be called; it may be printed.")
@click.option(
    "--provider",
    metavar="PROVIDER",
    shell_complete=complete_account,
    help="Who gets the key: a provider, or command/NAME.  [default: NAME, if it is one]",
)
@limit_options
@click.option(
    "--store",
    type=Choice(["keyring", "file"]),
    help="Where the key goes.  [default: the system's keyring, if it can be used]",
)
@click.option("--env", metavar="VARIABLE", help="Write down a variable that holds the key instead.")
@click.option("--replace", is_flag=True, help="Put it in the place of a stored one.")
def add(
    name: str,
    provider: str | None,
    quota: str | None,
    store: str | None,
    env: str | None,
    *,
    replace: bool,
    **counts: int | None,
) -> int:
    """Store a key under a NAME, which may be printed.

    The key is asked for and not shown; where stdin is no terminal, it is read from there. It goes
    into the system's keyring, if the extra `keyring` is installed and the system has a usable one,
    else into credentials.toml in your config folder, which only you can open.

    \b
    Example:
      agentos credentials add openai
      agentos credentials add team --provider openai --max-concurrent 4 < key.txt
      agentos credentials add ci --provider openai --env CI_KEY
    """
    checked_name(name, "the credential")
    variable = _checked_variable(env, store)
    providers = load_providers(installed())
    variables = key_variables(providers)
    vault = Vault(user_config_folder(os.environ))
    here = entries_here(Path(), os.environ, variables)
    former = _check_free(name, here, variables, vault, replace=replace)

    takers = takers_of_keys(providers.values())
    if provider is not None:
        provider = checked_taker(provider, takers)
    provider = provider or _guessed(name, variable, former, takers, variables)
    provider = provider or ask_for_provider(name, takers)
    entry = wanted_entry(name, provider, quota, counts, former)
    check_quotas(entry, here)
    settings = settings_of(entry)

    if variable:
        left = vault.add(name, settings, variable=variable, replace=replace)
        where = f"{vault.path}: its key is in the variable {variable}"
        if not os.environ.get(variable, "").strip():
            where += ", which is not set now"
    else:
        keyring, where = _place(store, vault.path)
        secret = read_secret(name)
        left = vault.add(name, settings, secret=secret, keyring=keyring, replace=replace)
    _tell(name, provider, where, left)
    _tell_how_to_try(name, provider, providers)
    _tell_what_rests(provider, here, variables)
    return 0


def _checked_variable(env: str | None, store: str | None) -> str:
    if env is None:
        return ""
    if store is not None:
        raise UsageError("--env stores no key, so --store says nothing", "leave one of them out")
    if shown_variable(env) != env:
        raise UsageError(
            "--env takes the name of a variable, in capital letters, such as TEAM_KEY",
            "never the key itself: if you typed one, it is in the shell's history now; revoke it",
        )
    return env


def _check_free(
    name: str,
    here: tuple[CredentialEntry, ...],
    variables: Mapping[str, str],
    vault: Vault,
    *,
    replace: bool,
) -> CredentialEntry | None:
    """The stored entry that is to be replaced; raises UsageError for a name that is taken."""
    for provider, variable in variables.items():
        if name == variable:
            raise UsageError(
                f"{name} is a variable, and a credential by itself where it is set",
                f"type: agentos credentials add {provider} --env {name}",
            )
    former = None
    for entry in here:
        if entry.name == name and entry.origin is not Origin.FILE:
            raise UsageError(
                f"there is a credential {name} already, which is not stored: {entry.where}",
                f"choose another name, or {how_to_take_away(entry)}",
            )
        if entry.name == name:
            former = entry
    if former and not replace:
        raise taken(name, str(vault.path))
    return former


def _guessed(
    name: str,
    variable: str,
    former: CredentialEntry | None,
    takers: list[str],
    variables: Mapping[str, str],
) -> str | None:
    by_variable = {value: provider for provider, value in variables.items()}
    if variable in by_variable:
        return by_variable[variable]
    if former and former.provider:
        return former.provider
    return name if name in takers else None


def _place(store: str | None, file: Path) -> tuple[SystemKeyring | None, str]:
    """The keyring, None for the file, and what is said of that."""
    in_file = f"{file} (mode 600)"
    if store == "file":
        return None, in_file
    try:
        keyring = open_keyring()
    except ConfigError as error:
        if store == "keyring":
            raise
        if is_installed():
            return None, f"{in_file}, because {error}"
        return None, f"{in_file}; for the system's keyring, type: {install_command(REQUIREMENT)}"
    return keyring, f"the system's keyring ({keyring.label}), and listed in {file}"


def _tell(name: str, provider: str, where: str, left: str) -> None:
    click.echo(printable(f"Stored {name}, for {provider}, in {where}."))
    if left:
        aside(f"But {left}.")


def _tell_how_to_try(name: str, provider: str, providers: Mapping[str, Provider]) -> None:
    try:
        check_package(providers[provider.partition("/")[0]], provider)
    except ConfigError as error:
        click.echo(printable(f"{error}; {error.hint}"))
    model = "" if provider.startswith("command/") else f" --model {provider}/NAME"
    click.echo(f"Try it: agentos credentials test {name}{model}")


def _tell_what_rests(
    provider: str, here: tuple[CredentialEntry, ...], variables: Mapping[str, str]
) -> None:
    """A variable that was a key for the provider counts only until another names that."""
    for entry in here:
        if entry.origin is Origin.IMPLIED and entry.provider == provider:
            click.echo(
                f"{entry.name} is set and does not count any more. To use it, too: "
                f"agentos credentials add {provider}-2 --env {variables[provider]}"
            )
