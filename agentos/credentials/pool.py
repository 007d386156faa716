"""Which credential serves which call, and who waits for one.

A pure state machine: the caller brings the time and the lock, and does the waiting.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agentos.core.calls import Answer, Lease, Refusal, RefusalKind, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.errors import ConfigError
from agentos.credentials.account import Account
from agentos.credentials.answers import Closed, CoolingDown, Refused, Resting, Waiting
from agentos.credentials.budget import Budget, Room
from agentos.credentials.domain import Admission, Domain
from agentos.credentials.hopes import Hope, Ticket, close, waiting, why_none

_SIMULATED_EVERY = 5
_NOTHING = Usage()


@dataclass(slots=True)
class _Loan:
    owner: str | None
    lease: Lease
    hope: Hope
    admission: Admission
    was_given: bool = False  # whether the owner has seen it and so may have used it


class CredentialPool:
    """Lends credentials to owners, in the order in which they asked.

    An owner is who a lease is taken back from; None is nobody in particular. A ticket keeps its
    place until it is granted, refused, cancelled or taken back, and its id becomes the lease's. No
    later ticket is served from where an earlier one waits. No lease is granted for which `budget`
    has no room. `jitter()` gives a number from 0 to 1. Raises ConfigError for two credentials of
    one name or one without a slot.
    """

    def __init__(
        self,
        credentials: Iterable[Credential],
        *,
        budget: Budget | None = None,
        default_slots: int = 1,
        simulate_rate_limits: bool = False,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._budget = Budget() if budget is None else budget
        self._accounts = _accounts(credentials, default_slots, jitter)
        self._simulate_rate_limits = simulate_rate_limits
        self._ids = itertools.count(1)
        self._grants = itertools.count(1)
        self._tickets: dict[str, Ticket] = {}  # in the order of their coming
        self._refused: dict[tuple[str | None, str], Refused] = {}  # for who did not hear it
        self._loans: dict[str, _Loan] = {}
        self._hopes_of: dict[tuple[str | None, str | None], list[Hope]] = {}
        self._last_used: dict[str, str] = {}  # owner -> credential, for the sake of prompt caches

    def request(self, owner: str | None, wish: Wish | None) -> str:
        """Queue up for a credential that serves the wish (None: for any), and get a ticket."""
        ticket = str(next(self._ids))
        self._tickets[ticket] = Ticket(owner, wish)
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
        room = self._room_for(wanted)
        if wanted.wish is not None and room is Room.NEVER:
            why = self._budget.why_no_room(wanted.wish)
            return self._refuse(ticket, Refused(why, over_budget=True))
        hopes = list(self._hopes(wanted, now))
        if all(hope.closed is not None for hope in hopes):
            return self._refuse(ticket, Refused(why_none(wanted.provider, hopes)))
        return waiting(wanted, hopes, now, for_budget=room is Room.LATER)

    def settle(
        self, owner: str | None, lease_id: str, result: Answer | Refusal | None, now: float
    ) -> CoolingDown | Closed | None:
        """Take a lease back, draw the consequences of its call, and say what has changed.

        A lease that is not this owner's, or not any more, changes nothing.
        """
        loan = self._loans.get(lease_id)
        if loan is None or loan.owner != owner:
            return None
        self._free(lease_id, None if result is None else result.usage)
        if result is None:
            loan.hope.domain.ended(loan.admission, None, now)
            return None
        was_closed = loan.hope.closed is not None
        rested_until = loan.hope.domain.cooldown_until
        _tell(loan, result, now)
        if was_closed:
            return None
        return close(loan.hope, result, now) or _rest(loan, result, rested_until, now)

    def cancel(self, owner: str | None, ticket: str, now: float) -> None:
        """Give up a wish: its place in the queue, or the lease that was granted meanwhile."""
        self._refused.pop((owner, ticket), None)
        if ticket in self._tickets and self._tickets[ticket].owner == owner:
            del self._tickets[ticket]
        if ticket in self._loans and self._loans[ticket].owner == owner:
            self._drop(ticket, now)

    def take_back(self, owner: str, now: float) -> None:
        """Forget the owner: all its tickets and leases are void."""
        for ticket in [t for t, wanted in self._tickets.items() if wanted.owner == owner]:
            del self._tickets[ticket]
        for refused in [one for one in self._refused if one[0] == owner]:
            del self._refused[refused]
        for lease_id in [i for i, loan in self._loans.items() if loan.owner == owner]:
            self._drop(lease_id, now)
        self._last_used.pop(owner, None)

    def resting(self, now: float) -> list[Resting]:
        """The domains that rest or are closed for a time, and for how long yet."""
        found = []
        for account in self._accounts:
            for model, domain in account.domains.items():
                until = domain.cooldown_until if domain.closed is None else domain.closed_until
                if until > now:
                    left = until - now
                    reason = domain.closed or ""
                    found.append(Resting(account.provider, account.name, model, left, reason))
        return found

    def recall(self, resting: Iterable[Resting], now: float) -> None:
        """Take over what an earlier run found; of other quotas nothing is taken."""
        for one in resting:
            for account in self._accounts:
                if (account.name, account.provider) != (one.quota, one.provider) or not one.model:
                    continue
                domain = account.domain(one.model, now)
                if one.reason:
                    domain.close(one.reason, now + one.seconds)
                else:
                    domain.cool(now + one.seconds)

    def open_slots(self) -> int:
        """How many calls may ever be in flight at once; a cooling credential counts."""
        return sum(account.slots for account in self._accounts if account.open_keys)

    def next_wake_up(self, now: float) -> float | None:
        """When a ticket may be served that cannot be yet; None where only a settled lease helps."""
        first = {(one.provider, one.model): one for one in reversed(self._tickets.values())}
        ready = (
            hope.ready_at(ticket.most, now)
            for ticket in first.values()
            for hope in self._hopes(ticket, now)
        )
        return min((at for at in ready if now < at < math.inf), default=None)

    @property
    def anyone_waiting(self) -> bool:
        """Whether a ticket is out that is neither granted nor refused."""
        return bool(self._tickets)

    def _refuse(self, ticket: str, refused: Refused) -> Refused:
        owner = self._tickets.pop(ticket).owner
        self._refused[owner, ticket] = refused
        return refused

    def _room_for(self, wanted: Ticket) -> Room:
        return Room.NOW if wanted.wish is None else self._budget.room_for(wanted.wish)

    def _hopes(self, wanted: Ticket, now: float) -> list[Hope]:
        kind = wanted.provider, wanted.model
        if kind not in self._hopes_of:
            self._hopes_of[kind] = [
                Hope(account, key, account.domain(wanted.model, now))
                for account in self._accounts
                for key in account.keys
                if wanted.provider is None or key.credential.provider in (None, wanted.provider)
            ]
        return self._hopes_of[kind]

    def _grant_in_turn(self, now: float) -> None:
        claimed: set[Domain] = set()  # somebody who came earlier waits for them
        waiting: set[tuple[str | None, str | None]] = set()  # and so do all who want the same
        for ticket, wanted in list(self._tickets.items()):
            kind = wanted.provider, wanted.model
            if kind in waiting or self._room_for(wanted) is not Room.NOW:
                continue
            hopes = [hope for hope in self._hopes(wanted, now) if hope.domain not in claimed]
            ready = [hope for hope in hopes if hope.ready_at(wanted.most, now) <= now]
            if ready:
                self._grant(ticket, self._choice(wanted, ready), now)
            else:
                claimed.update(hope.domain for hope in hopes)
                waiting.add(kind)

    def _choice(self, wanted: Ticket, ready: list[Hope]) -> Hope:
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

    def _grant(self, ticket: str, hope: Hope, now: float) -> None:
        wanted, key = self._tickets[ticket], hope.key
        if wanted.wish is not None and not self._budget.reserve(ticket, wanted.wish):
            return
        del self._tickets[ticket]
        if wanted.owner is not None:
            self._last_used[wanted.owner] = key.credential.name
        simulate = self._simulate_rate_limits and key.granted % _SIMULATED_EVERY == 0
        hope.account.in_use += 1
        key.granted += 1
        key.last_granted = next(self._grants)
        lease = Lease(ticket, key.credential.name, key.credential.secret, simulate)
        self._loans[ticket] = _Loan(wanted.owner, lease, hope, hope.domain.admit(wanted.most, now))

    def _drop(self, lease_id: str, now: float) -> None:
        """Take back a lease of which nobody will tell how its call went."""
        loan = self._loans[lease_id]
        self._free(lease_id, None)
        if loan.was_given:
            loan.hope.domain.ended(loan.admission, None, now)
        else:
            loan.hope.domain.never_made(loan.admission, now)

    def _free(self, lease_id: str, usage: Usage | None) -> None:
        """Take the lease from its owner; what its call took is unknown if `usage` is None."""
        loan = self._loans.pop(lease_id)
        self._budget.settle(lease_id, usage if loan.was_given else _NOTHING)
        loan.hope.account.in_use -= 1


def _accounts(
    credentials: Iterable[Credential], default_slots: int, jitter: Callable[[], float]
) -> list[Account]:
    members: dict[str, list[Credential]] = {}
    names: set[str] = set()
    for credential in credentials:
        if credential.name in names:
            raise ConfigError(
                f"Two credentials are called {credential.name!r}", "Give each a name of its own."
            )
        names.add(credential.name)
        members.setdefault(credential.domain_name, []).append(credential)
    return [
        Account(name, each, default_slots=default_slots, jitter=jitter)
        for name, each in members.items()
    ]


def _tell(loan: _Loan, result: Answer | Refusal, now: float) -> None:
    """Let the domain learn from how a call ended."""
    domain, call = loan.hope.domain, loan.admission
    if isinstance(result, Answer):
        domain.answered(call, result.usage, result.hint, now)
    elif loan.lease.simulate_rate_limit:
        domain.never_made(call, now)
        domain.cool(now + (result.retry_after or 0.0))
    elif result.kind is RefusalKind.RATE_LIMITED:
        domain.refused(call, result.hint, now)
    elif result.kind is RefusalKind.OVERLOADED:
        domain.overloaded(call, result.usage, now)
        domain.heed(call, result.hint, now)
    else:
        domain.ended(call, result.usage, now)
        domain.heed(call, result.hint, now)


def _rest(
    loan: _Loan, result: Answer | Refusal, rested_until: float, now: float
) -> CoolingDown | None:
    """What a call has changed of its domain's cooldown."""
    until = loan.hope.domain.cooldown_until
    is_refused = isinstance(result, Refusal) and result.kind is RefusalKind.RATE_LIMITED
    if not is_refused and until <= max(rested_until, now):
        return None
    return CoolingDown(loan.lease.credential, max(0.0, until - now), is_refused)
