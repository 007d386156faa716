"""What is written down of one credential: not yet what its secret is.

A sentence about an entry may show its name and its variable, never what could be a secret:
somebody who types the key where the variable's name belongs must not find it in a log.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard

from agentos.core.credentials import RateLimits
from agentos.core.errors import ConfigError

NAME_RULE = "1 to 32 letters, digits, '-', '_' and '.', starting with a letter or digit"
LIMIT_KEYS = tuple(one.name for one in fields(RateLimits))
MOST = 10**12
"""More calls, or tokens in a minute, than any provider allows; a clock can still count in them."""

# Shorter than any provider's key, so that a key in the place of a name is refused unprinted.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_PROVIDER = re.compile(rf"{_NAME.pattern}(/{_NAME.pattern})?")
# Upper case only: the one form of which it is sure that it is a variable's name and no key.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")

_SOURCES = ("env", "secret", "keyring")
_NOT_SAID = RateLimits()
_COUNTS = ("max_concurrent", *LIMIT_KEYS)
_KEYS = ("name", "provider", "quota", *_COUNTS, *_SOURCES)


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
    `shown_variable`. `exposed` is the file with the secret where others may open it. `quota` and
    `limits` are as a Credential has them.
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
    quota: str = ""
    limits: RateLimits = _NOT_SAID

    @property
    def domain_name(self) -> str:
        """The name of its quota domain."""
        return self.quota or self.name

    @property
    def counts(self) -> dict[str, int]:
        """Its limits and `max_concurrent` by their keys, where they are said."""
        counts = {"max_concurrent": self.max_concurrent, **asdict(self.limits)}
        return {key: value for key, value in counts.items() if value is not None}

    @property
    def called(self) -> str:
        """Where it is, and its name."""
        return f"{self.where} ({self.name})"

    @property
    def shown_variable(self) -> str:
        """The variable's name; `...` for what could be a key, empty where there is none."""
        return "" if self.variable is None else shown_variable(self.variable)


def checked_name(name: object, where: str) -> str:
    """The name of a credential; raises ConfigError, which repeats nothing of another text."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise ConfigError(f"{where}: its name is not safe to print", f"a name is {NAME_RULE}")


def checked_quota(value: object, where: str) -> str:
    """The name of a quota; raises ConfigError as above."""
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ConfigError(f"{where}: quota must be a name", f"a name is {NAME_RULE}")


def checked_count(value: object, key: str, where: str) -> int:
    """How many of something there may be; raises ConfigError as above."""
    if _is_count(value):
        return value
    raise ConfigError(f"{where}: {key} must be a whole number from 1 to {MOST:,}")


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
    """Which variable an entry reads, who gets the key, and what it says of their limits.

    `...` for what could be a key itself.
    """
    entry = table if isinstance(table, dict) else {}
    text = f"the variable {shown_variable(entry.get('env'))}"
    if "provider" in entry:
        text += f", for {_surely_no_key(entry['provider'], _PROVIDER)}"
    if "quota" in entry:
        text += f", of the quota {shown_name(entry['quota'])}"
    said = [f"{key} {entry[key] if _is_count(entry[key]) else '...'}" for key in _said(entry)]
    return ", ".join([text, *said])


def _surely_no_key(value: object, form: re.Pattern[str]) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else "..."


def entry_of_table(
    table: Mapping[str, object],
    providers: Mapping[str, str],
    where: str,
    **known: Any,
) -> CredentialEntry:
    """The entry that a `[[credential]]` table is; `known` are fields that no table has.

    `providers` are those whose SDKs read a variable, by the variable. Raises ConfigError.
    """
    if not isinstance(table.get("name"), str):
        raise ConfigError(f"{where}: it has no name")
    name = checked_name(table["name"], where)
    called = f"{where} ({name})"
    if table.keys() - {*_KEYS}:
        raise ConfigError(
            f"{called}: it has an unknown key",
            "the keys are name, one of env, secret and keyring, provider, quota, "
            + ", ".join(_COUNTS),
        )
    source = _source(table, called)
    provider = providers.get(source.get("variable") or "")
    if "provider" in table:
        provider = checked_provider(table["provider"], called)
    counts = {key: checked_count(table[key], key, called) for key in _said(table)}
    return CredentialEntry(
        name,
        where,
        provider,
        counts.pop("max_concurrent", None),
        quota=checked_quota(table["quota"], called) if "quota" in table else "",
        limits=RateLimits(**counts),
        **source,
        **known,
    )


def _said(table: Mapping[str, object]) -> list[str]:
    return [key for key in _COUNTS if key in table]


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST


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
