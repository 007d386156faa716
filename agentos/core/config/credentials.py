"""Credentials as the environment, the user's own file and a trusted project give them.

Each source is read once. A sentence about an entry may show its name and its variable, never
what could be a secret: somebody who types the key where the variable's name belongs must not
find it in a log.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from agentos.core.config.toml_files import parse_toml, read_config_file
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError

CREDENTIALS_VARIABLE = "AGENTOS_CREDENTIALS"
LIMIT_VARIABLE = "AGENTOS_CREDENTIAL_LIMIT"
CREDENTIALS_FILE = "credentials.toml"

PROVIDER_KEY_VARIABLES = frozenset(
    {
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_CUSTOM_HEADERS",  # which may hold a key, too
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "OPENAI_API_KEY",
        "OPENAI_CUSTOM_HEADERS",
    }
)
"""Where the SDKs look by themselves; a child never sees them, configured or not."""

# Shorter than any provider's key, so that a key in the place of a name is refused unprinted.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_PROVIDER = re.compile(rf"{_NAME.pattern}(/{_NAME.pattern})?")
_NAME_RULE = "1 to 32 letters, digits, '-', '_' and '.', starting with a letter or digit"
# Upper case only: the one form of which it is sure that it is a variable's name and no key.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """All that is configured.

    `usable` is within AGENTOS_CREDENTIAL_LIMIT; `secrets` and `variables` are those of every
    credential, as also an unused key is masked and kept from children.
    """

    usable: tuple[Credential, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Entry:
    credential: Credential
    variable: str | None


def load_credentials(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    project_entries: Sequence[object] = (),
    key_variables: Mapping[str, str] = MappingProxyType({}),
) -> CredentialSet:
    """Those of AGENTOS_CREDENTIALS, of `credentials.toml`, of the project, of the SDKs' variables.

    `project_entries` are the tables of a trusted project's config. `key_variables` are the
    variables in which the SDKs look, by provider: one that is set is a credential of that name,
    where no other names it or the provider. Whether such a one can be a key is checked when it is
    lent: who does not use it is not held up. Raises ConfigError.
    """
    providers = {variable: provider for provider, variable in key_variables.items()}
    entries = [
        *_from_environment(environ, providers),
        *_from_file(config_folder / CREDENTIALS_FILE, environ, providers),
        *_from_project(project_entries, environ, providers),
    ]
    entries += _implied(key_variables, environ, entries)
    _check_names_differ(entries)
    variables = frozenset(key_variables.values())
    values = {environ.get(name, "").strip() for name in variables | PROVIDER_KEY_VARIABLES}
    return CredentialSet(
        usable=tuple(entry.credential for entry in entries)[: _limit(environ)],
        secrets=frozenset(values | {entry.credential.secret or "" for entry in entries}) - {""},
        variables=variables | {entry.variable for entry in entries if entry.variable},
    )


def checked_secret(value: str, where: str) -> str:
    """The secret; raises ConfigError for one that can be no key.

    The HTTP library would refuse it as a header, in a message that shows it whole.
    """
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(
            f"{where}: the secret holds a space, a line break or a letter that no key has",
            "copy the key again, and nothing but the key",
        )
    return value


def described_entry(table: object) -> str:
    """Which variable an entry reads and who gets the key; `...` for what could be a key itself."""
    entry = table if isinstance(table, dict) else {}
    text = f"the variable {_surely_no_key(entry.get('env'), _VARIABLE)}"
    if "provider" in entry:
        text += f", for {_surely_no_key(entry['provider'], _PROVIDER)}"
    return text


def _surely_no_key(value: object, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else "..."


def _limit(environ: Mapping[str, str]) -> int | None:
    text = environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ConfigError(f"{LIMIT_VARIABLE} must be a whole number from 1 to 999999999")
    return int(text)


def _from_environment(environ: Mapping[str, str], providers: Mapping[str, str]) -> Iterator[_Entry]:
    text = environ.get(CREDENTIALS_VARIABLE, "")
    for position, element in enumerate(text.split(",") if text.strip() else (), start=1):
        where = f"{CREDENTIALS_VARIABLE}, element {position}"
        name, *rest = (part.strip() for part in element.split(":"))
        if len(rest) not in (1, 2):
            raise ConfigError(
                f"{where}: it is not of the form NAME:VARIABLE or NAME:VARIABLE:PROVIDER"
            )
        _check_name(name, where)
        variable = rest[0]
        secret = _variable_value(environ, variable, f"{where} ({name})")
        provider = _checked_provider(rest[1], where) if rest[1:] else providers.get(variable)
        yield _Entry(Credential(name, secret, provider), variable)


def _from_project(
    tables: Sequence[object], environ: Mapping[str, str], providers: Mapping[str, str]
) -> Iterator[_Entry]:
    for position, table in enumerate(tables, start=1):
        where = f"the project's config, credential {position}"
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: credentials are written as [[credential]] tables")
        if "secret" in table:
            raise ConfigError(
                f"{where}: a secret does not belong into a project's files",
                "name the variable that holds it: env = ...",
            )
        yield _from_table(table, environ, providers, where)


def _implied(
    key_variables: Mapping[str, str], environ: Mapping[str, str], entries: Sequence[_Entry]
) -> list[_Entry]:
    named = {entry.credential.provider for entry in entries}
    taken = {entry.variable for entry in entries}  # said to be another provider's
    return [
        _Entry(Credential(variable, secret, provider), variable)
        for provider, variable in key_variables.items()
        if provider not in named
        and variable not in taken
        and (secret := environ.get(variable, "").strip())
    ]


def _check_names_differ(entries: Sequence[_Entry]) -> None:
    names: set[str] = set()
    for entry in entries:
        if entry.credential.name in names:
            raise ConfigError(
                f"two credentials are called {entry.credential.name}",
                f"names in {CREDENTIALS_VARIABLE}, {CREDENTIALS_FILE} and the project must differ",
            )
        names.add(entry.credential.name)


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: its name is not safe to print", f"a name is {_NAME_RULE}")


def _variable_value(environ: Mapping[str, str], variable: str, where: str) -> str:
    value = environ.get(variable, "").strip()
    if value:
        return checked_secret(value, where)
    if _VARIABLE.fullmatch(variable):
        raise ConfigError(f"{where}: the variable {variable} is not set or empty")
    raise ConfigError(
        f"{where}: the variable that it names is not set or empty",
        "the name of a variable belongs there, such as MY_API_KEY, never the key itself",
    )


def _checked_provider(value: object, where: str) -> str:
    if isinstance(value, str) and _PROVIDER.fullmatch(value):
        return value
    raise ConfigError(f"{where}: provider must be a name, such as anthropic or command/claude")


def _from_file(
    path: Path, environ: Mapping[str, str], providers: Mapping[str, str]
) -> Iterator[_Entry]:
    content, is_private = read_config_file(path)
    data = {} if content is None else parse_toml(content, str(path))
    if data.keys() - {"credential"}:
        raise ConfigError(f"{path}: only [[credential]] tables are known there")
    tables = data.get("credential", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{path}: credentials are written as [[credential]] tables")
    if not is_private and any("secret" in table for table in tables):
        raise ConfigError(
            f"{path} holds a secret and is open to other users",
            f"chmod 600 {shlex.quote(str(path))}",
        )
    for position, table in enumerate(tables, start=1):
        yield _from_table(table, environ, providers, f"{path}, credential {position}")


def _from_table(
    table: dict[str, object], environ: Mapping[str, str], providers: Mapping[str, str], where: str
) -> _Entry:
    name = table.get("name")
    if not isinstance(name, str):
        raise ConfigError(f"{where}: it has no name")
    _check_name(name, where)
    where = f"{where} ({name})"
    if table.keys() - {"name", "env", "secret", "provider", "max_concurrent"}:
        raise ConfigError(
            f"{where}: it has an unknown key",
            "the keys are name, env or secret, provider, max_concurrent",
        )
    variable, secret = _source(table, environ, where)
    provider = providers.get(variable or "")
    if "provider" in table:
        provider = _checked_provider(table["provider"], where)
    slots = table.get("max_concurrent")
    if slots is not None and (not isinstance(slots, int) or isinstance(slots, bool) or slots < 1):
        raise ConfigError(f"{where}: max_concurrent must be a whole number from 1 on")
    return _Entry(Credential(name, secret, provider, slots), variable)


def _source(
    table: dict[str, object], environ: Mapping[str, str], where: str
) -> tuple[str | None, str]:
    if ("env" in table) == ("secret" in table):
        raise ConfigError(f"{where}: it needs either env or secret")
    variable, secret = table.get("env"), table.get("secret")
    if isinstance(variable, str):
        return variable, _variable_value(environ, variable, where)
    if isinstance(secret, str) and secret.strip():
        return None, checked_secret(secret.strip(), where)
    raise ConfigError(f"{where}: env or secret must be a text that is not empty")
