"""What of a pool shows only from inside: its names are not the pool's promises.

All of them are here, in one place.
"""
# ruff: noqa: SLF001 - a leak is what nobody is told of

import copy
from collections.abc import Iterator

from agentos.core.calls import Wish
from agentos.credentials.pool import CredentialPool


def leaks(pool: CredentialPool) -> Iterator[str]:
    """What is still out or kept after all owners are gone, in words."""
    for name, kept in (
        ("loans", pool._loans),
        ("tickets", pool._tickets),
        ("refusals that nobody heard", pool._refused),
        ("last credentials", pool._stock._last_used),
        ("reservations of the budget", pool._budget._reserved),
    ):
        if kept:
            yield f"{len(kept)} {name}"
    for account in pool._stock.accounts:
        if account.in_use:
            yield f"{account.in_use} slots of {account.name} in use"
        for model, domain in account.domains.items():
            if domain._in_flight or any(meter._pending for meter in domain._meters.values()):
                yield f"{domain._in_flight} calls of {model} in flight at {account.name}"


def could_serve(pool: CredentialPool, quota: str, wish: Wish, now: float) -> bool:
    """Whether a quota's domain would let the call out now, if the account had a slot for it."""
    for account in pool._stock.accounts:
        if account.name == quota:
            domain = copy.copy(account.domain(wish.model, now))  # being asked leaves a mark
            return domain.ready_at(wish.bound, now) <= now
    return False
