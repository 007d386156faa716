"""A wish in the queue, and the ways in which it may be served."""

import math
from dataclasses import dataclass
from datetime import datetime

from agentos.core.calls import Answer, Refusal, RefusalKind, Usage, Wish
from agentos.core.clock import time_of_day
from agentos.core.masking import Masker
from agentos.credentials.account import Account, Key
from agentos.credentials.answers import Closed, Waiting, Why
from agentos.credentials.domain import Domain

UNKNOWN_REST = 3600.0
"""Seconds after which a quota of the day is tried again that nobody tells the end of."""

SHORTEST_CLOSURE = 60.0
"""Seconds for which it is not tried, whatever is said: two clocks may differ in when a day ends."""

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

    @property
    def costs(self) -> bool:
        """Whether it may take anything of a budget."""
        return self.most.total_tokens > 0


@dataclass(frozen=True, slots=True)
class Hope:
    """A way in which a ticket may be served."""

    account: Account
    key: Key
    domain: Domain

    @property
    def is_closed_for_good(self) -> bool:
        """Whether there is none in this run."""
        return self.key.closed is not None or self.account.closed is not None

    def closed_at(self, now: float) -> str | None:
        """Why there is no hope, for good or for the rest of a day."""
        self.domain.reopen(now)
        return self.key.closed or self.account.closed or self.domain.closed

    def ready_at(self, most: Usage, now: float) -> float:
        """When; infinity while all slots of the account are in use, or of the domain."""
        if self.closed_at(now) is not None:
            return math.inf if self.is_closed_for_good else self.domain.closed_until
        if self.account.in_use >= self.account.slots:
            return math.inf
        return self.domain.ready_at(most, now)


def waiting(
    wanted: Ticket, hopes: list[Hope], now: float, *, model: str = "", for_budget: bool = False
) -> Waiting:
    """What the ticket waits for, and for which `model`; at least one of the hopes is open."""
    times = [(hope.ready_at(wanted.most, now), hope) for hope in hopes]
    until = min((at for at, _ in times if now < at < math.inf), default=None)
    ready = [(at, hope.domain) for at, hope in times if hope.closed_at(now) is None]
    if all(domain.cools(now) for _, domain in ready):
        back = [domain.cooldown_until for _, domain in ready]
        back += [at for at, hope in times if hope.closed_at(now) is not None]
        return Waiting(Why.COOLDOWN, min(back), model)
    if for_budget:
        return Waiting(Why.BUDGET, until)
    if any(at < math.inf and not domain.cools(now) for at, domain in ready):
        return Waiting(Why.RATE, until, model)
    return Waiting(Why.SLOT, until, model)


def close(hope: Hope, result: Answer | Refusal, now: float) -> Closed | None:
    """Close what a terminal refusal is about: the key, the account, or for a time its domain.

    None if it is none, or tells nothing new; a closed domain may then be closed for longer.
    """
    if isinstance(result, Answer) or not result.kind.is_terminal or hope.is_closed_for_good:
        return None
    credential = hope.key.credential
    reason = Masker([credential.secret or ""]).mask(result.message) or result.kind.value
    match result.kind:
        case RefusalKind.DAILY_QUOTA:
            was_closed = hope.closed_at(now) is not None
            rest = UNKNOWN_REST if result.retry_after is None else result.retry_after
            seconds = max(rest, SHORTEST_CLOSURE)
            hope.domain.close(reason, now + seconds)
            return None if was_closed else Closed(credential.name, reason, seconds)
        case RefusalKind.ACCOUNT:
            hope.account.closed = reason
        case _:
            hope.key.closed = reason
    return Closed(credential.name, reason)


def why_none(provider: str | None, closed: list[Hope], now: float, moment: datetime) -> str:
    """A sentence without its full stop; `moment` is the time of day that it is now."""
    purpose = f" for {provider!r}" if provider is not None else ""
    if not closed:
        return f"There is no credential{purpose}"
    names: dict[str, list[str]] = {}  # by why and until when, which is told once
    for hope in closed:
        names.setdefault(_why_closed(hope, now, moment), []).append(hope.key.credential.name)
    reasons = "; ".join(f"{', '.join(those)}{why}" for why, those in names.items())
    return f"Every credential{purpose} is closed ({reasons})"


def _why_closed(hope: Hope, now: float, moment: datetime) -> str:
    reason = f": {hope.closed_at(now) or ''}"
    if hope.is_closed_for_good:
        return reason
    return f" until {time_of_day(hope.domain.closed_until - now, moment)}{reason}"
