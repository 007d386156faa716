"""What there is to lend, and which of it serves a wish best."""

import itertools
from collections.abc import Sequence

from agentos.credentials.account import Account
from agentos.credentials.hopes import Hope, Ticket


class Stock:
    """All accounts with their credentials, and who had which of them last."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.accounts = accounts
        self._keys = sum(len(account.keys) for account in accounts)
        self._hopes_of: dict[tuple[str | None, str | None], list[Hope]] = {}
        self._last_used: dict[str, str] = {}  # owner -> credential, for the sake of prompt caches
        self._grants = itertools.count(1)

    @property
    def open_slots(self) -> int:
        """How many calls all take together."""
        return sum(account.open_slots for account in self.accounts)

    def hopes(self, wanted: Ticket, now: float) -> list[Hope]:
        """The ways in which a ticket may be served, now or ever."""
        if wanted.kind not in self._hopes_of:
            self._hopes_of[wanted.kind] = [
                Hope(account, key, account.domain(wanted.model, now))
                for account in self.accounts
                for key in account.keys
                if wanted.provider is None or key.credential.provider in (None, wanted.provider)
            ]
        return self._hopes_of[wanted.kind]

    def is_all_for(self, wanted: Ticket, now: float) -> bool:
        """Whether everything serves it, and nothing else was ever asked for."""
        models = [model for _, model in self._hopes_of if model is not None]
        return len(models) < 2 and len(self.hopes(wanted, now)) == self._keys

    def best(self, wanted: Ticket, ready: Sequence[Hope]) -> Hope:
        """The owner's last; else one that serves only this provider; else the least used."""
        last = self._last_used.get(wanted.owner) if wanted.owner is not None else None
        return min(
            ready,
            key=lambda hope: (
                hope.key.credential.name != last,
                hope.key.credential.provider is None,
                hope.account.in_use,
                hope.key.last_granted,
            ),
        )

    def take(self, hope: Hope, owner: str | None) -> None:
        """Use a slot for the owner."""
        if owner is not None:
            self._last_used[owner] = hope.key.credential.name
        hope.account.in_use += 1
        hope.key.granted += 1
        hope.key.last_granted = next(self._grants)

    def forget(self, owner: str) -> None:
        """What an owner had last is of no interest any more."""
        self._last_used.pop(owner, None)
