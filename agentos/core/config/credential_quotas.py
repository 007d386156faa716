"""Entries that share a quota: whether they agree about it, and what they know together. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agentos.core.config.credential_entries import CredentialEntry
from agentos.core.credentials import RateLimits
from agentos.core.errors import ConfigError


class QuotaError(ConfigError):
    """Two entries contradict each other about a quota; `state` says so without their names."""

    def __init__(
        self, both: tuple[CredentialEntry, CredentialEntry], sentence: str, state: str, hint: str
    ) -> None:
        places = " and ".join(entry.where for entry in both)
        super().__init__(sentence, f"{hint}; look at {places}")
        self.both = both
        self.state = state


def quota_conflicts(entries: Sequence[CredentialEntry]) -> Iterator[QuotaError]:
    """What is wrong with the quotas of entries, names apart, in the order of the entries."""
    for quota in _quotas(entries):
        sharers = _sharers(entries, quota)
        for entry in entries:
            if entry.name == quota and entry.quota != quota:
                yield _ambiguous(sharers[0], entry)
        for other in sharers[1:]:
            if other.provider != sharers[0].provider:
                yield _two_providers(sharers[0], other)
        first: dict[str, CredentialEntry] = {}
        for entry in sharers:
            for key, value in entry.counts.items():
                before = first.setdefault(key, entry)
                if before.counts[key] != value:
                    yield _two_limits(before, entry, key)


def with_shared_limits(entries: Sequence[CredentialEntry]) -> tuple[CredentialEntry, ...]:
    """The entries, each with what is said by any that shares its quota.

    Where they contradict each other, with what the last of them says.
    """
    known = {
        quota: {key: value for one in _sharers(entries, quota) for key, value in one.counts.items()}
        for quota in _quotas(entries)
    }
    return tuple(_limited(entry, known[entry.quota]) if entry.quota else entry for entry in entries)


def _limited(entry: CredentialEntry, said: dict[str, int]) -> CredentialEntry:
    limits = dict(said)
    slots = limits.pop("max_concurrent", None)
    return replace(entry, max_concurrent=slots, limits=RateLimits(**limits))


def _quotas(entries: Sequence[CredentialEntry]) -> list[str]:
    return list(dict.fromkeys(entry.quota for entry in entries if entry.quota))


def _sharers(entries: Sequence[CredentialEntry], quota: str) -> list[CredentialEntry]:
    return [entry for entry in entries if entry.quota == quota]


def _ambiguous(entry: CredentialEntry, named: CredentialEntry) -> QuotaError:
    return QuotaError(
        (entry, named),
        f"the quota {entry.quota} of {entry.name} has the name of the credential {named.name},"
        " which does not share it",
        f"quota {entry.quota} is also a credential's name",
        f"choose another name for the quota, or have {named.name} share it",
    )


def _two_providers(one: CredentialEntry, other: CredentialEntry) -> QuotaError:
    return QuotaError(
        (one, other),
        f"{one.name} and {other.name} share the quota {one.quota}"
        f" and are for {_whom(one)} and {_whom(other)}",
        f"quota {one.quota} is of two providers",
        "a quota is an account of one provider",
    )


def _two_limits(one: CredentialEntry, other: CredentialEntry, key: str) -> QuotaError:
    return QuotaError(
        (one, other),
        f"{one.name} and {other.name} share the quota {one.quota}"
        f" and say {key} = {one.counts[key]} and {other.counts[key]}",
        f"quota {one.quota} has two values of {key}",
        "say it in one of them, or the same in both",
    )


def _whom(entry: CredentialEntry) -> str:
    return entry.provider or "no provider"
