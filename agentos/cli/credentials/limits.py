"""What `agentos credentials add` takes of limits, and whether that agrees with what is there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from agentos.core.config.credential_entries import CredentialEntry, checked_count, checked_quota
from agentos.core.config.credential_quotas import quota_conflicts
from agentos.core.credentials import RateLimits

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

_HERE = "this command"  # as the place of an entry
_MEANINGS = {
    "max_concurrent": "How many calls may be made with it at once.  [default: as -j]",
    "rpm": "How many requests the provider allows in a minute, for each model.",
    "tpm": "How many tokens, input and output together.",
    "input_tpm": "How many tokens of input, if those are limited by themselves.",
    "output_tpm": "How many tokens of output.",
}


def limit_options(function: _FunctionT) -> _FunctionT:
    """The options `--quota`, `--max-concurrent` and those of rates, for a click command."""
    for key, meaning in reversed(_MEANINGS.items()):
        function = click.option(
            f"--{key.replace('_', '-')}",
            type=click.IntRange(min=1),
            metavar="N",
            help=meaning,
        )(function)
    return click.option(
        "--quota",
        metavar="QUOTA",
        help="The account whose limits it shares with other keys.  [default: its own]",
    )(function)


def wanted_entry(
    name: str,
    provider: str,
    quota: str | None,
    counts: Mapping[str, int | None],
    former: CredentialEntry | None,
) -> CredentialEntry:
    """What is to be stored; what was not typed is as the former entry has it.

    Raises ConfigError.
    """
    said = (former.counts if former else {}) | {
        key: checked_count(value, key, _HERE) for key, value in counts.items() if value is not None
    }
    if quota is not None:
        checked_quota(quota, "--quota")
    elif former:
        quota = former.quota
    return CredentialEntry(
        name,
        _HERE,
        provider,
        said.pop("max_concurrent", None),
        quota=quota or "",
        limits=RateLimits(**said),
    )


def settings_of(entry: CredentialEntry) -> dict[str, str | int]:
    """What the file says of it beside its name and its key."""
    settings: dict[str, str | int] = {"provider": entry.provider or ""}
    if entry.quota:
        settings["quota"] = entry.quota
    return settings | entry.counts


def check_quotas(entry: CredentialEntry, here: Sequence[CredentialEntry]) -> None:
    """Raise QuotaError where it contradicts one of the others; what is wrong of those is theirs."""
    others = [other for other in here if other.name != entry.name]
    for conflict in quota_conflicts([*others, entry]):
        if any(one is entry for one in conflict.both):
            raise conflict
