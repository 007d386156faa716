"""Which credential serves which call, and who waits for one.

A pure state machine: the caller brings the time and the lock, and does the waiting.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.core.masking import Masker
from agentos.credentials.budget import Budget, Room
from agentos.credentials.domain import Domain

DEFAULT_COOLDOWN = 60.0
"""Seconds that a credential rests after a rate limit for which the provider named no time."""

SHORTEST_COOLDOWN = 1.0
"""Seconds after a rate limit, whatever a provider says: with 0 the same call would go out again at
once, and for ever."""

_SIMULATED_EVERY = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """No credential yet.

    `until` is the time at which the next cooldown ends, None if none runs: then only a settled
    lease can help. `pause_until` is set when every credential that could serve is cooling down: to
    the time at which the first of them is back. `for_budget` means that what is left of the budget
    is set aside for calls in flight.
    """

    until: float | None
    pause_until: float | None
    for_budget: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """No credential will ever serve this, or the budget has no room for it.

    `reason` is a sentence without its full stop.
    """

    reason: str
    over_budget: bool = False


@dataclass(frozen=True, slots=True)
class CoolingDown:
    """A credential rests for `seconds` from now.

    `refused` tells a limit that was hit from one that is used up.
    """

    credential: str
    seconds: float
    refused: bool = True


@dataclass(frozen=True, slots=True)
class Closed:
    """A credential is refused for good; `reason` is text from outside, without the secret."""

    credential: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Ticket:
    owner: str | None
    wish: Wish | None  # None: any credential will do, for nothing that costs

    @property
    def provider(self) -> str | None:
        return None if self.wish is None else self.wish.provider


@dataclass(slots=True)
class _Loan:
    owner: str | None
    lease: Lease
    was_given: bool = False  # whether the owner has seen it and so may have used it


class CredentialPool:
    """Lends credentials to owners, in the order in which they asked.

    An owner is who a lease is taken back from; None is nobody in particular. A ticket keeps its
    place until it is granted, refused, cancelled or taken back, and its id becomes the lease's.
    No lease is granted for which `budget` has no room. Raises ConfigError for two credentials of
    one name or one without a slot.
    """

    def __init__(
        self,
        credentials: Iterable[Credential],
        *,
        budget: Budget | None = None,
        default_slots: int = 1,
        simulate_rate_limits: bool = False,
    ) -> None:
        self._budget = Budget() if budget is None else budget
        self._domains: dict[str, Domain] = {}
        for credential in credentials:
            slots = credential.max_concurrent
            domain = Domain(credential, default_slots if slots is None else slots)
            if domain.name in self._domains:
                raise ConfigError(
                    f"Two credentials are called {domain.name!r}", "Give each a name of its own."
                )
            if domain.slots < 1:
                raise ConfigError(
                    f"The credential {domain.name!r} allows {domain.slots} calls at once",
                    "Set max_concurrent to 1 or more.",
                )
            self._domains[domain.name] = domain
        self._simulate_rate_limits = simulate_rate_limits
        self._ids = itertools.count(1)
        self._grants = itertools.count(1)
        self._tickets: dict[str, _Ticket] = {}  # in the order of their coming
        self._refused: dict[tuple[str | None, str], Refused] = {}  # for who did not hear it
        self._loans: dict[str, _Loan] = {}
        self._last_used: dict[str, str] = {}  # owner -> credential, for the sake of prompt caches

    def request(self, owner: str | None, wish: Wish | None) -> str:
        """Queue up for a credential that serves the wish (None: for any), and get a ticket."""
        ticket = str(next(self._ids))
        self._tickets[ticket] = _Ticket(owner, wish)
        return ticket

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        """What the ticket gets at this moment; granted once, it gets the same lease again.

        The whole queue is granted, in turn, what it can get; the others hear of it when they poll.
        """
        self._grant_in_turn(now)
        loan = self._loans.get(ticket)
        if loan is not None and loan.owner == owner:
            loan.was_given = True
            return loan.lease
        if refused := self._refused.get((owner, ticket)):
            return refused
        wanted = self._tickets.get(ticket)
        if wanted is None or wanted.owner != owner:
            return Refused("There is no such ticket")
        room = Room.NOW if wanted.wish is None else self._budget.room_for(wanted.wish)
        if wanted.wish is not None and room is Room.NEVER:
            why = self._budget.why_no_room(wanted.wish)
            return self._refuse(ticket, Refused(why, over_budget=True))
        hopes = [domain for domain in self._domains.values() if domain.serves(wanted.provider)]
        if all(domain.closed is not None for domain in hopes):
            return self._refuse(ticket, Refused(_why_none(wanted.provider, hopes)))
        left = [domain for domain in hopes if domain.closed is None]
        pause = all(domain.cools(now) for domain in left)
        return Waiting(
            until=self.next_wake_up(now),
            pause_until=min(domain.cooldown_until for domain in left) if pause else None,
            for_budget=room is Room.LATER,
        )

    def settle(
        self, owner: str | None, lease_id: str, result: Answer | Refusal | None, now: float
    ) -> CoolingDown | Closed | None:
        """Take a lease back, draw the consequences of its call, and say what has changed.

        A lease that is not this owner's, or not any more, changes nothing.
        """
        loan = self._loans.get(lease_id)
        if loan is None or loan.owner != owner:
            return None
        domain = self._free(lease_id, None if result is None else result.usage)
        if result is None or domain.closed is not None:
            return None
        used_up = _until_renewed(result.hint)
        kind = None if isinstance(result, Answer) else result.kind
        if isinstance(result, Refusal) and kind is RefusalKind.CREDENTIAL:
            domain.closed = Masker([domain.credential.secret or ""]).mask(result.message)
            return Closed(domain.name, domain.closed)
        if kind is not RefusalKind.RATE_LIMITED:
            return self._rest(domain, used_up, now, refused=False)
        rest = result.hint.retry_after
        if rest is None:
            rest = used_up or DEFAULT_COOLDOWN
        least = 0.0 if owner is None else SHORTEST_COOLDOWN
        return self._rest(domain, max(rest, least), now, refused=True)

    def cancel(self, owner: str | None, ticket: str) -> None:
        """Give up a wish: its place in the queue, or the lease that was granted meanwhile."""
        self._refused.pop((owner, ticket), None)
        if ticket in self._tickets and self._tickets[ticket].owner == owner:
            del self._tickets[ticket]
        if ticket in self._loans and self._loans[ticket].owner == owner:
            self._free(ticket, None)

    def take_back(self, owner: str) -> None:
        """Forget the owner: all its tickets and leases are void."""
        for ticket in [t for t, wanted in self._tickets.items() if wanted.owner == owner]:
            del self._tickets[ticket]
        for refused in [one for one in self._refused if one[0] == owner]:
            del self._refused[refused]
        for lease_id in [i for i, loan in self._loans.items() if loan.owner == owner]:
            self._free(lease_id, None)
        self._last_used.pop(owner, None)

    def open_slots(self) -> int:
        """How many calls may ever be in flight at once; a cooling credential counts."""
        return sum(domain.slots for domain in self._domains.values() if domain.closed is None)

    def next_wake_up(self, now: float) -> float | None:
        """When the next cooldown ends; None if none runs."""
        cooling = [d.cooldown_until for d in self._domains.values() if d.cools(now)]
        return min(cooling, default=None)

    @property
    def anyone_waiting(self) -> bool:
        """Whether a ticket is out that is neither granted nor refused."""
        return bool(self._tickets)

    def _refuse(self, ticket: str, refused: Refused) -> Refused:
        owner = self._tickets.pop(ticket).owner
        self._refused[owner, ticket] = refused
        return refused

    def _grant_in_turn(self, now: float) -> None:
        for ticket, wanted in list(self._tickets.items()):
            if wanted.wish is not None and self._budget.room_for(wanted.wish) is not Room.NOW:
                continue
            domain = self._choice(wanted, now)
            if domain is not None:
                self._grant(ticket, domain)

    def _choice(self, wanted: _Ticket, now: float) -> Domain | None:
        """The owner's last; else one that serves only this provider; else the least used."""
        last = self._last_used.get(wanted.owner) if wanted.owner is not None else None
        free = [
            domain
            for domain in self._domains.values()
            if domain.serves(wanted.provider) and domain.has_room(now)
        ]
        return min(
            free,
            key=lambda domain: (
                domain.name != last,
                domain.credential.provider is None,
                domain.in_use,
                domain.last_granted,
            ),
            default=None,
        )

    def _grant(self, ticket: str, domain: Domain) -> None:
        wanted = self._tickets[ticket]
        if wanted.wish is not None and not self._budget.reserve(ticket, wanted.wish):
            return
        del self._tickets[ticket]
        owner = wanted.owner
        simulate = self._simulate_rate_limits and domain.granted % _SIMULATED_EVERY == 0
        domain.in_use += 1
        domain.granted += 1
        domain.last_granted = next(self._grants)
        if owner is not None:
            self._last_used[owner] = domain.name
        lease = Lease(ticket, domain.name, domain.credential.secret, simulate)
        self._loans[ticket] = _Loan(owner, lease)

    def _free(self, lease_id: str, usage: Usage | None) -> Domain:
        """Take the lease from its owner; what its call took is unknown if `usage` is None."""
        loan = self._loans.pop(lease_id)
        self._budget.settle(lease_id, usage if loan.was_given else Usage())
        domain = self._domains[loan.lease.credential]
        domain.in_use -= 1
        return domain

    def _rest(
        self, domain: Domain, seconds: float, now: float, *, refused: bool
    ) -> CoolingDown | None:
        """Let a domain rest; a cooldown can only grow."""
        if not refused and now + seconds <= max(domain.cooldown_until, now):
            return None
        domain.cooldown_until = max(domain.cooldown_until, now + seconds)
        return CoolingDown(domain.name, max(0.0, domain.cooldown_until - now), refused)


def _until_renewed(hint: LimitHint) -> float:
    """Seconds until a limit that the answer used up is there again; 0 if it left something."""
    used_up = (limit.reset_after for limit in hint.limits if limit.remaining == 0)
    return max((seconds for seconds in used_up if seconds is not None), default=0.0)


def _why_none(provider: str | None, closed: list[Domain]) -> str:
    purpose = f" for {provider!r}" if provider is not None else ""
    if not closed:
        return f"There is no credential{purpose}"
    reasons = "; ".join(f"{domain.name}: {domain.closed}" for domain in closed)
    return f"Every credential{purpose} is closed ({reasons})"
