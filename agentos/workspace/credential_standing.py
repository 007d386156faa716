"""Each credential that is written down, and what stands between it and a call."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import (
    CREDENTIALS_FILE,
    CREDENTIALS_VARIABLE,
    entries_of_all_places,
    entries_of_project,
)
from agentos.core.config.credential_quotas import quota_conflicts, with_shared_limits
from agentos.core.config.credentials import (
    LIMIT_VARIABLE,
    ReadKeyring,
    SecretError,
    credential_limit,
    resolve_for_use,
)
from agentos.core.config.known_settings import ROLES
from agentos.core.errors import ConfigError
from agentos.models.catalog import account_of
from agentos.workspace.configuration import Layers


@dataclass(frozen=True, slots=True)
class CredentialStanding:
    """`state` is for people: `ready`, or what is wrong in some words; `hint` is what mends it.

    One that is not trusted counts for nothing.
    """

    entry: CredentialEntry
    state: str
    hint: str = ""
    is_trusted: bool = True


def credential_standings(
    layers: Layers,
    environ: Mapping[str, str],
    config_folder: Path,
    read_keyring: ReadKeyring,
) -> Iterator[CredentialStanding]:
    """All credentials in the order in which they count; one that is wrong holds up no other.

    Raises ConfigError for a place that cannot be read at all.
    """
    entries = entries_of_all_places(
        environ,
        config_folder,
        project_entries=layers.project.counted_credentials,
        key_variables=layers.key_variables,
    )
    conflicts = list(quota_conflicts(entries))
    limit = credential_limit(environ)
    names = Counter(entry.name for entry in entries)
    for position, (entry, shared) in enumerate(
        zip(entries, with_shared_limits(entries), strict=True)
    ):
        state, hint = "", ""
        try:
            resolve_for_use(entry, environ, read_keyring)
        except SecretError as error:
            state, hint = error.state, error.hint
        if not state and names[entry.name] > 1:
            state = "another is called the same"
        if not state and (conflict := next((one for one in conflicts if entry in one.both), None)):
            state, hint = conflict.state, conflict.hint
        if not state and limit is not None and position >= limit:
            state = f"beyond {LIMIT_VARIABLE}"
        yield CredentialStanding(shared, state or _use(entry, layers), hint)
    if layers.project.untrusted:
        with suppress(ConfigError):  # what is wrong there is told once it is trusted
            for entry in entries_of_project(layers.project.credentials, layers.key_variables):
                yield CredentialStanding(
                    entry,
                    "the project is not trusted",
                    layers.project.how_to_trust,
                    is_trusted=False,
                )


def unknown_provider(entry: CredentialEntry, layers: Layers) -> str:
    """What is to be said of an entry for a provider that there is not; empty for any other."""
    provider = (entry.provider or "").partition("/")[0]
    if not provider or provider in layers.entries:
        return ""
    return f"no provider is called {provider}"


def whereabouts(entry: CredentialEntry) -> str:
    """Where its secret is, and in brackets who says so."""
    if entry.in_keyring:
        return "the system's keyring"
    if entry.variable is None:
        return CREDENTIALS_FILE
    said = {
        Origin.ENVIRONMENT: f" ({CREDENTIALS_VARIABLE})",
        Origin.FILE: f" ({CREDENTIALS_FILE})",
        Origin.PROJECT: " (the project's config)",
    }.get(entry.origin, "")
    return f"variable {entry.shown_variable}{said}"


def _use(entry: CredentialEntry, layers: Layers) -> str:
    if entry.provider is None:
        return "names no provider: serves embedded only"
    if unknown := unknown_provider(entry, layers):
        return unknown
    chosen = (layers.settings.get(role) for role in ROLES)
    is_used = any(account_of(str(model)) == entry.provider for model in chosen)
    return "ready" if is_used else "ready; no chosen model uses it"
