"""Credentials as they can be lent: what is written down, with the secrets that it speaks of.

Each source is read once. What reads the system's keyring is handed in: the core knows no library.
"""

import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import (
    CREDENTIALS_VARIABLE,
    declared_entries,
    entries_of_all_places,
)
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError, Hint
from agentos.core.masking import SHORTEST_SECRET

LIMIT_VARIABLE = "AGENTOS_CREDENTIAL_LIMIT"

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

# As people call variables that hold a key, whatever reads it.
_KEY_VARIABLE = re.compile(r".*_(KEY|TOKEN|SECRET|PASSWORD)")

ReadKeyring = Callable[[str], str | None]
"""The secret that the system's keyring holds for a credential's name, None if it has none.

Raises ConfigError where there is no keyring, or it cannot be opened.
"""


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """All that is configured.

    `usable` is within AGENTOS_CREDENTIAL_LIMIT; `secrets` and `variables` are those of every
    credential, as also an unused key is masked and kept from children.
    """

    usable: tuple[Credential, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    variables: frozenset[str] = frozenset()


class SecretError(ConfigError):
    """The secret of an entry is not there or can be no key.

    `state` says so in some words that do not name the entry.
    """

    def __init__(self, where: str, state: str, hint: str, *, sentence: str = "") -> None:
        super().__init__(sentence or f"{where}: {state}", hint)
        self.state = state


def no_keyring(_name: str) -> None:
    """A keyring that holds nothing."""


def load_credentials(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    project_entries: Sequence[object] = (),
    key_variables: Mapping[str, str] = MappingProxyType({}),
    read_keyring: ReadKeyring = no_keyring,
    accounts: Collection[str] | None = None,
) -> CredentialSet:
    """Every entry of `declared_entries`, with its secret. Raises ConfigError.

    `accounts` are those that will be asked, None for any: as `holds_up` says, an entry of another
    one may come without its secret.
    """
    entries = declared_entries(
        environ, config_folder, project_entries=project_entries, key_variables=key_variables
    )

    def found(entry: CredentialEntry) -> Credential:
        try:
            return resolve(entry, environ, read_keyring)
        except ConfigError:
            if holds_up(entry, accounts):
                raise
            return _credential(entry, None)

    credentials = tuple(map(found, entries))
    variables = frozenset(key_variables.values())
    values = {environ.get(name, "").strip() for name in variables | PROVIDER_KEY_VARIABLES}
    return CredentialSet(
        usable=credentials[: credential_limit(environ)],
        secrets=frozenset(values | {one.secret or "" for one in credentials}) - {""},
        variables=variables | {entry.variable for entry in entries if entry.variable},
    )


def holds_up(entry: CredentialEntry, accounts: Collection[str] | None) -> bool:
    """Whether a run that asks those accounts needs the entry's secret, or a look at it.

    A keyring may be locked, or not there at all. It is asked also for a key that is not needed,
    as that is masked and kept from children, too; without an answer that run does without.
    """
    return not entry.in_keyring or accounts is None or entry.provider in accounts


def known_secrets(
    environ: Mapping[str, str],
    config_folder: Path,
    *,
    key_variables: Mapping[str, str] = MappingProxyType({}),
) -> frozenset[str]:
    """What is to be masked where something went wrong, also with an entry.

    `key_variables` are as for `load_credentials`. No keyring is asked. Raises ConfigError for a
    place that cannot be read.
    """
    variables = PROVIDER_KEY_VARIABLES.union(key_variables.values())

    def found() -> Iterator[str]:
        yield from (environ.get(name, "").strip() for name in variables)
        for entry in entries_of_all_places(environ, config_folder):
            with suppress(ConfigError):
                yield resolve(replace(entry, exposed=None), environ, no_keyring).secret or ""

    return frozenset(found()) - {""}


def likely_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Values of variables that are called as those with a key are, whoever reads them."""
    return frozenset(
        value
        for name, value in environ.items()
        if _KEY_VARIABLE.fullmatch(name) and len(value.strip()) >= SHORTEST_SECRET
    )


def resolve(
    entry: CredentialEntry, environ: Mapping[str, str], read_keyring: ReadKeyring
) -> Credential:
    """The credential that an entry speaks of; raises SecretError where its secret is not there.

    Whether a variable of an SDK holds a key is checked when it is lent: who does not use it is not
    held up.
    """
    secret = _secret(entry, environ, read_keyring)
    if entry.origin is not Origin.IMPLIED:
        checked_secret(secret, entry.called)
    return _credential(entry, secret)


def resolve_for_use(
    entry: CredentialEntry, environ: Mapping[str, str], read_keyring: ReadKeyring
) -> Credential:
    """The same, where a variable of an SDK has to hold a key, too; raises SecretError."""
    credential = resolve(entry, environ, read_keyring)
    checked_secret(credential.secret or "", entry.called)
    return credential


def credential_limit(environ: Mapping[str, str]) -> int | None:
    """How many credentials count, None for all; raises ConfigError."""
    text = environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ConfigError(f"{LIMIT_VARIABLE} must be a whole number from 1 to 999999999")
    return int(text)


def checked_secret(value: str, where: str) -> str:
    """The secret; raises SecretError for one that can be no key.

    The HTTP library would refuse it as a header, in a message that shows it whole.
    """
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SecretError(
            where,
            "the secret holds a space, a line break or a letter that no key has",
            "copy the key again, and nothing but the key",
        )
    return value


def _credential(entry: CredentialEntry, secret: str | None) -> Credential:
    return Credential(
        entry.name,
        secret,
        entry.provider,
        entry.max_concurrent,
        quota=entry.quota,
        limits=entry.limits,
    )


def _secret(entry: CredentialEntry, environ: Mapping[str, str], read_keyring: ReadKeyring) -> str:
    if entry.exposed:
        raise SecretError(
            entry.called,
            "its file is open to other users",
            Hint("", f"type: chmod 600 {shlex.quote(str(entry.exposed))}"),
            # Without the entry: it is the same for all that are in there.
            sentence=f"{entry.exposed} holds a secret and is open to other users",
        )
    if entry.variable is not None:
        return _variable_value(entry, environ)
    if not entry.in_keyring:
        return entry.secret or ""
    try:
        secret = (read_keyring(entry.name) or "").strip()
    except ConfigError as error:
        raise SecretError(entry.called, str(error), error.hint) from None
    if secret:
        return secret
    raise SecretError(entry.called, "the system's keyring has no key of that name", _again(entry))


def _variable_value(entry: CredentialEntry, environ: Mapping[str, str]) -> str:
    value = environ.get(entry.variable or "", "").strip()
    if value:
        return value
    if entry.shown_variable == entry.variable:
        raise SecretError(
            entry.called,
            f"the variable {entry.variable} is not set or empty",
            {
                Origin.FILE: Hint("set it", f", or {_again(entry)}"),
                Origin.ENVIRONMENT: f"set it, or take {entry.name} out of {CREDENTIALS_VARIABLE}",
            }.get(entry.origin, "set it"),
        )
    raise SecretError(
        entry.called,
        "the variable that it names is not set or empty",
        "the name of a variable belongs there, such as MY_API_KEY, never the key itself",
    )


def _again(entry: CredentialEntry) -> str:
    return Hint("", f"store the key: agentos credentials add {entry.name} --replace")
