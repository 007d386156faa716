"""The places in which credentials are written down: environment, file, project, SDKs' variables.

To read them needs no secret to be there, so that what is missing can be told of each entry.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agentos.core.config.credential_entries import (
    CredentialEntry,
    Origin,
    checked_name,
    checked_provider,
    entry_of_table,
)
from agentos.core.config.credential_quotas import quota_conflicts, with_shared_limits
from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.errors import ConfigError

CREDENTIALS_VARIABLE = "AGENTOS_CREDENTIALS"
CREDENTIALS_FILE = "credentials.toml"


def declared_entries(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    project_entries: Sequence[object] = (),
    key_variables: Mapping[str, str] = MappingProxyType({}),
) -> tuple[CredentialEntry, ...]:
    """What AGENTOS_CREDENTIALS, `credentials.toml`, the project and the SDKs' variables say.

    `project_entries` are the tables of a trusted project's config. `key_variables` are the
    variables in which the SDKs look, by provider: one that is set is a credential of that name,
    where no other names it or the provider. Raises ConfigError for a place that cannot be read,
    for an entry that says nothing that could be meant, for two of one name, and for two that share
    a quota and contradict each other: of what is limited each says what any of them says.
    """
    entries = entries_of_all_places(
        environ, config_folder, project_entries=project_entries, key_variables=key_variables
    )
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            raise ConfigError(
                f"two credentials are called {entry.name}",
                f"names in {CREDENTIALS_VARIABLE}, {CREDENTIALS_FILE} and the project must differ",
            )
        names.add(entry.name)
    for conflict in quota_conflicts(entries):
        raise conflict
    return with_shared_limits(entries)


def entries_of_all_places(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    project_entries: Sequence[object] = (),
    key_variables: Mapping[str, str] = MappingProxyType({}),
) -> tuple[CredentialEntry, ...]:
    """The same as it is written, where names may come twice and quotas contradict each other."""
    providers = {variable: provider for provider, variable in key_variables.items()}
    entries = [
        *_from_environment(environ, providers),
        *_from_file(config_folder / CREDENTIALS_FILE, providers),
        *_from_project(project_entries, providers),
    ]
    return (*entries, *_implied(key_variables, environ, entries))


def entries_of_project(
    tables: Sequence[object], key_variables: Mapping[str, str]
) -> tuple[CredentialEntry, ...]:
    """What a project's config says, trusted or not; raises ConfigError."""
    providers = {variable: provider for provider, variable in key_variables.items()}
    return tuple(_from_project(tables, providers))


def tables_of(data: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """The entries as the user's own file holds them, not yet checked; raises ConfigError."""
    tables = data.get("credential", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(
            f"{path}: credentials are written as [[credential]] tables", "mend it by hand"
        )
    return tables


def _from_environment(
    environ: Mapping[str, str], providers: Mapping[str, str]
) -> Iterator[CredentialEntry]:
    text = environ.get(CREDENTIALS_VARIABLE, "")
    for position, element in enumerate(text.split(",") if text.strip() else (), start=1):
        where = f"{CREDENTIALS_VARIABLE}, element {position}"
        name, *rest = (part.strip() for part in element.split(":"))
        if len(rest) not in (1, 2):
            raise ConfigError(
                f"{where}: it is not of the form NAME:VARIABLE or NAME:VARIABLE:PROVIDER"
            )
        checked_name(name, where)
        variable = rest[0]
        provider = checked_provider(rest[1], where) if rest[1:] else providers.get(variable)
        yield CredentialEntry(name, where, provider, variable=variable, origin=Origin.ENVIRONMENT)


def _from_file(path: Path, providers: Mapping[str, str]) -> Iterator[CredentialEntry]:
    content, is_private = read_config_file(path)
    data = {} if content is None else parse_toml(content, str(path))
    if data.keys() - {"credential"}:
        raise ConfigError(f"{path}: only [[credential]] tables are known there")
    for position, table in enumerate(tables_of(data, path), start=1):
        exposed = path if "secret" in table and not is_private else None
        where = f"{path}, credential {position}"
        yield entry_of_table(table, providers, where, origin=Origin.FILE, exposed=exposed)


def _from_project(
    tables: Sequence[object], providers: Mapping[str, str]
) -> Iterator[CredentialEntry]:
    for position, table in enumerate(tables, start=1):
        where = f"the project's config, credential {position}"
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: credentials are written as [[credential]] tables")
        for key, what in (("secret", "a secret"), ("keyring", "a person's keyring")):
            if key in table:
                raise ConfigError(
                    f"{where}: {what} does not belong into a project's files",
                    "name the variable that holds it: env = ...",
                )
        yield entry_of_table(table, providers, where, origin=Origin.PROJECT)


def _implied(
    key_variables: Mapping[str, str],
    environ: Mapping[str, str],
    entries: Iterable[CredentialEntry],
) -> list[CredentialEntry]:
    named = {entry.provider for entry in entries}
    taken = {entry.variable for entry in entries}  # said to be another provider's
    return [
        CredentialEntry(
            variable, "the environment", provider, variable=variable, origin=Origin.IMPLIED
        )
        for provider, variable in key_variables.items()
        if provider not in named and variable not in taken and environ.get(variable, "").strip()
    ]
