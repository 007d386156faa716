"""Credentials and switches as the environment and the user's own config give them.

Each source is read once. A sentence about an entry may show its name and its variable, never
what could be a secret: somebody who types the key where the variable's name belongs must not
find it in a log.
"""

import os
import re
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError

CREDENTIALS_VARIABLE = "AGENTOS_CREDENTIALS"
LIMIT_VARIABLE = "AGENTOS_CREDENTIAL_LIMIT"
SIMULATE_VARIABLE = "AGENTOS_SIMULATE_429"
CREDENTIALS_FILE = "credentials.toml"

PROVIDER_KEY_VARIABLES = frozenset(
    {
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "OPENAI_API_KEY",
    }
)
"""Where the SDKs look by themselves; a child never sees them, configured or not."""

# Shorter than any provider's key, so that a key in the place of a name is refused unprinted.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_NAME_RULE = "1 to 32 letters, digits, '-', '_' and '.', starting with a letter or digit"
# Upper case only: the one form of which it is sure that it is a variable's name and no key.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
# A shorter secret is looked for as a whole value: as a part it would be found everywhere.
_SHORTEST_PART = 8


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


def load_credentials(environ: Mapping[str, str], config_folder: Path) -> CredentialSet:
    """Those of AGENTOS_CREDENTIALS, then those of `credentials.toml`; raises ConfigError."""
    entries = [*_from_environment(environ), *_from_file(config_folder / CREDENTIALS_FILE, environ)]
    names: set[str] = set()
    for entry in entries:
        if entry.credential.name in names:
            raise ConfigError(
                f"two credentials are called {entry.credential.name}",
                f"names in {CREDENTIALS_VARIABLE} and {CREDENTIALS_FILE} must differ",
            )
        names.add(entry.credential.name)
    return CredentialSet(
        usable=tuple(entry.credential for entry in entries)[: _limit(environ)],
        secrets=frozenset(entry.credential.secret for entry in entries if entry.credential.secret),
        variables=frozenset(entry.variable for entry in entries if entry.variable),
    )


def child_environment(environ: Mapping[str, str], credentials: CredentialSet) -> dict[str, str]:
    """`environ` without any variable that holds a credential, whatever it is called."""
    withheld = credentials.variables | PROVIDER_KEY_VARIABLES
    return {
        name: value
        for name, value in environ.items()
        if name not in withheld and not _holds_secret(value, credentials.secrets)
    }


def simulate_rate_limits(environ: Mapping[str, str]) -> bool:
    """Whether AGENTOS_SIMULATE_429 asks for made-up rate limits."""
    return environ.get(SIMULATE_VARIABLE, "").strip().lower() in {"true", "1", "yes", "on"}


def _holds_secret(value: str, secrets: frozenset[str]) -> bool:
    return any(
        secret in value if len(secret) >= _SHORTEST_PART else secret == value.strip()
        for secret in secrets
    )


def _limit(environ: Mapping[str, str]) -> int | None:
    text = environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ConfigError(f"{LIMIT_VARIABLE} must be a whole number from 1 to 999999999")
    return int(text)


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Entry]:
    text = environ.get(CREDENTIALS_VARIABLE, "")
    for position, element in enumerate(text.split(",") if text.strip() else (), start=1):
        where = f"{CREDENTIALS_VARIABLE}, element {position}"
        name, colon, variable = (part.strip() for part in element.partition(":"))
        if not colon:
            raise ConfigError(f"{where}: it is not of the form NAME:VARIABLE")
        _check_name(name, where)
        secret = _variable_value(environ, variable, f"{where} ({name})")
        yield _Entry(Credential(name, secret), variable)


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: its name is not safe to print", f"a name is {_NAME_RULE}")


def _variable_value(environ: Mapping[str, str], variable: str, where: str) -> str:
    value = environ.get(variable, "").strip()
    if value:
        return _checked_secret(value, where)
    if _VARIABLE.fullmatch(variable):
        raise ConfigError(f"{where}: the variable {variable} is not set or empty")
    raise ConfigError(
        f"{where}: the variable that it names is not set or empty",
        "the name of a variable belongs there, such as MY_API_KEY, never the key itself",
    )


def _checked_secret(value: str, where: str) -> str:
    # Such a header would be refused by the HTTP library, in a message that shows it whole.
    if not value.isprintable():
        raise ConfigError(f"{where}: the secret holds a line break or a control character")
    return value


def _from_file(path: Path, environ: Mapping[str, str]) -> Iterator[_Entry]:
    data, is_private = _read_toml(path)
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
        yield _from_table(table, environ, f"{path}, credential {position}")


def _read_toml(path: Path) -> tuple[dict[str, object], bool]:
    """The file's content, and whether its owner alone may open it; a missing one is empty."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            return tomllib.load(file), not stat.S_IMODE(mode) & 0o077
    except FileNotFoundError:
        return {}, True
    except tomllib.TOMLDecodeError as error:
        # Only the place is repeated: the parser may quote what it could not read.
        place = re.search(r"at line \d+, column \d+", str(error))
        sentence = f"{path} is not valid TOML {place[0] if place else 'at its end'}"
    except UnicodeDecodeError:
        sentence = f"{path} is not UTF-8"
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}"
    raise ConfigError(sentence)


def _from_table(table: dict[str, object], environ: Mapping[str, str], where: str) -> _Entry:
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
    provider = table.get("provider")
    if provider is not None and not (isinstance(provider, str) and _NAME.fullmatch(provider)):
        raise ConfigError(f"{where}: provider must be a name, such as anthropic")
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
        return None, _checked_secret(secret.strip(), where)
    raise ConfigError(f"{where}: env or secret must be a text that is not empty")
