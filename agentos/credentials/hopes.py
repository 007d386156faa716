"""A wish in the queue, and the ways in which it may be served."""

import math
from dataclasses import dataclass

from agentos.core.calls import Answer, Refusal, RefusalKind, Usage, Wish
from agentos.core.masking import Masker
from agentos.credentials.account import Account, Key
from agentos.credentials.answers import Closed, Waiting, Why
from agentos.credentials.domain import Domain

UNKNOWN_REST = 3600.0
"""Seconds after which a quota of the day is tried again that nobody tells the end of."""

_NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue. `wish` is None where any credential will do, for nothing that costs."""

    owner: str | None
    wish: Wish | None

    @property
    def provider(self) -> str | None:
        """What credentials are matched by; None for all."""
        return None if self.wish is None else self.wish.provider

    @property
    def model(self) -> str | None:
        """What domains are told apart by, beside the account."""
        return None if self.wish is None else self.wish.model

    @property
    def kind(self) -> tuple[str | None, str | None]:
        """Who agrees in this can be served by the same."""
        return self.provider, self.model

    @property
    def most(self) -> Usage:
        """What the call may take."""
        return _NOTHING if self.wish is None else self.wish.bound


@dataclass(frozen=True, slots=True)
class Hope:
    """A way in which a ticket may be served."""

    account: Account
    key: Key
    domain: Domain

    @property
    def closed(self) -> str | None:
        """Why there is no hope any more."""
        return self.key.closed or self.account.closed or self.domain.closed

    def ready_at(self, most: Usage, now: float) -> float:
        """When; infinity while all slots of the account are in use, or of the domain."""
        if self.closed is not None or self.account.in_use >= self.account.slots:
            return math.inf
        return self.domain.ready_at(most, now)


def waiting(wanted: Ticket, hopes: list[Hope], now: float, *, for_budget: bool = False) -> Waiting:
    """What the ticket waits for; at least one of the hopes is open."""
    left = [hope for hope in hopes if hope.closed is None]
    ready = [hope.ready_at(wanted.most, now) for hope in left]
    until = min((at for at in ready if now < at < math.inf), default=None)
    if all(hope.domain.cools(now) for hope in left):
        return Waiting(Why.COOLDOWN, min(hope.domain.cooldown_until for hope in left))
    if for_budget:
        return Waiting(Why.BUDGET, until)
    if any(
        at < math.inf and not hope.domain.cools(now) for at, hope in zip(ready, left, strict=True)
    ):
        return Waiting(Why.RATE, until)
    return Waiting(Why.SLOT, until)


def close(hope: Hope, result: Answer | Refusal, now: float) -> Closed | None:
    """Close what a refusal is for good for, if it is: the key, the account, or its domain."""
    if isinstance(result, Answer) or not result.kind.is_terminal:
        return None
    credential = hope.key.credential
    reason = Masker([credential.secret or ""]).mask(result.message)
    match result.kind:
        case RefusalKind.ACCOUNT:
            hope.account.closed = reason
        case RefusalKind.DAILY_QUOTA:
            rest = result.retry_after
            hope.domain.close(reason, now + (UNKNOWN_REST if rest is None else rest))
        case _:
            hope.key.closed = reason
    return Closed(credential.name, reason)


def why_none(provider: str | None, closed: list[Hope]) -> str:
    """A sentence without its full stop."""
    purpose = f" for {provider!r}" if provider is not None else ""
    if not closed:
        return f"There is no credential{purpose}"
    reasons = "; ".join(f"{hope.key.credential.name}: {hope.closed}" for hope in closed)
    return f"Every credential{purpose} is closed ({reasons})"
