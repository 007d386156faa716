"""Which credentials are written down, and where: not yet what they are.

To read the places needs no secret to be there, so that what is missing can be told of each entry.
A sentence about an entry may show its name and its variable, never what could be a secret:
somebody who types the key where the variable's name belongs must not find it in a log.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.errors import ConfigError

CREDENTIALS_VARIABLE = "AGENTOS_CREDENTIALS"
CREDENTIALS_FILE = "credentials.toml"
NAME_RULE = "1 to 32 letters, digits, '-', '_' and '.', starting with a letter or digit"

# Shorter than any provider's key, so that a key in the place of a name is refused unprinted.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_PROVIDER = re.compile(rf"{_NAME.pattern}(/{_NAME.pattern})?")
# Upper case only: the one form of which it is sure that it is a variable's name and no key.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")

_SOURCES = ("env", "secret", "keyring")
_KEYS = frozenset({"name", "provider", "max_concurrent", *_SOURCES})


class Origin(StrEnum):
    """The place that an entry is written down in."""

    ENVIRONMENT = "environment"
    FILE = "file"  # the user's own
    PROJECT = "project"
    IMPLIED = "implied"  # nowhere: an SDK's variable is set, and no entry speaks for it


@dataclass(frozen=True, slots=True)
class CredentialEntry:
    """One entry; `where` says for people which file or variable holds it.

    Its secret is in one place: in the variable `variable`, beside the entry as `secret`, or
    `in_keyring`. `variable` is as it was typed and may be a key in the wrong place: a screen gets
    `shown_variable`. `exposed` is the file with the secret where others may open it.
    """

    name: str
    where: str
    provider: str | None = None
    max_concurrent: int | None = None
    variable: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    in_keyring: bool = False
    origin: Origin = Origin.FILE
    exposed: Path | None = None

    @property
    def shown_variable(self) -> str:
        """The variable's name; `...` for what could be a key, empty where there is none."""
        return "" if self.variable is None else shown_variable(self.variable)


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
    for an entry that says nothing that could be meant, and for two of one name.
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
    return entries


def entries_of_all_places(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    project_entries: Sequence[object] = (),
    key_variables: Mapping[str, str] = MappingProxyType({}),
) -> tuple[CredentialEntry, ...]:
    """The same, where names may come twice."""
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


def checked_name(name: object, where: str) -> str:
    """The name of a credential; raises ConfigError, which repeats nothing of another text."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise ConfigError(f"{where}: its name is not safe to print", f"a name is {NAME_RULE}")


def checked_provider(value: object, where: str) -> str:
    """The name of a provider or of a command's model; raises ConfigError as above."""
    if isinstance(value, str) and _PROVIDER.fullmatch(value):
        return value
    raise ConfigError(f"{where}: provider must be a name, such as anthropic or command/claude")


def shown_name(value: object) -> str:
    """A name as it may be shown; `...` for what could be a key."""
    return _surely_no_key(value, _NAME)


def shown_variable(value: object) -> str:
    """The same for the name of a variable."""
    return _surely_no_key(value, _VARIABLE)


def described_entry(table: object) -> str:
    """Which variable an entry reads and who gets the key; `...` for what could be a key itself."""
    entry = table if isinstance(table, dict) else {}
    text = f"the variable {shown_variable(entry.get('env'))}"
    if "provider" in entry:
        text += f", for {_surely_no_key(entry['provider'], _PROVIDER)}"
    return text


def _surely_no_key(value: object, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else "..."


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
        yield _from_table(table, providers, where, origin=Origin.FILE, exposed=exposed)


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
        yield _from_table(table, providers, where, origin=Origin.PROJECT)


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


def _from_table(
    table: Mapping[str, object],
    providers: Mapping[str, str],
    where: str,
    **known: Any,
) -> CredentialEntry:
    if not isinstance(table.get("name"), str):
        raise ConfigError(f"{where}: it has no name")
    name = checked_name(table["name"], where)
    called = f"{where} ({name})"
    if table.keys() - _KEYS:
        raise ConfigError(
            f"{called}: it has an unknown key",
            "the keys are name, one of env, secret and keyring, provider, max_concurrent",
        )
    source = _source(table, called)
    provider = providers.get(source.get("variable") or "")
    if "provider" in table:
        provider = checked_provider(table["provider"], called)
    slots = table.get("max_concurrent")
    if slots is not None and (not isinstance(slots, int) or isinstance(slots, bool) or slots < 1):
        raise ConfigError(f"{called}: max_concurrent must be a whole number from 1 on")
    return CredentialEntry(name, where, provider, slots, **source, **known)


def _source(table: Mapping[str, object], where: str) -> dict[str, Any]:
    """The one field of an entry that says where the secret is."""
    if sum(key in table for key in _SOURCES) != 1:
        raise ConfigError(f"{where}: it needs either env or secret, or keyring = true")
    variable, secret = table.get("env"), table.get("secret")
    if isinstance(variable, str):
        return {"variable": variable}
    if isinstance(secret, str) and secret.strip():
        return {"secret": secret.strip()}
    if table.get("keyring") is True:
        return {"in_keyring": True}
    if "keyring" in table:
        raise ConfigError(f"{where}: keyring is written as keyring = true")
    raise ConfigError(f"{where}: env or secret must be a text that is not empty")
