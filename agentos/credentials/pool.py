"""Who is lent a credential, who waits for one, and what follows from how a call ends.

A pure state machine: the caller brings the time and the lock, and does the waiting.
"""

import itertools
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from agentos.core.calls import Answer, Lease, Refusal, Usage, Wish
from agentos.core.clock import Now, utc_now
from agentos.core.credentials import Credential
from agentos.credentials.account import accounts_of
from agentos.credentials.answers import Effect, Lapsed, Refused, Resting, SlotCount, Waiting
from agentos.credentials.budget import Budget, Room
from agentos.credentials.domain import Domain
from agentos.credentials.hopes import Hope, Ticket, waiting, why_none
from agentos.credentials.loans import Loan
from agentos.credentials.patience import Patience
from agentos.credentials.rests import recall, resting
from agentos.credentials.silence import Silence
from agentos.credentials.stock import Stock

_SIMULATED_EVERY = 5
_NOTHING = Usage()


class CredentialPool:
    """Lends credentials to owners, in the order in which they asked.

    An owner is who a lease is taken back from; None is nobody in particular. A ticket keeps its
    place until it is granted, refused, cancelled or taken back, and its id becomes the lease's. No
    later ticket is served from where an earlier one waits. No lease is granted for which `budget`
    has no room. What an owner holds goes to others when it has been silent for `lease_term`
    seconds. `jitter()` gives a number from 0 to 1, and `time_of_day()` what people are told ends
    by. Raises ConfigError for two credentials of one name or one without a slot.
    """

    def __init__(
        self,
        credentials: Iterable[Credential],
        *,
        budget: Budget | None = None,
        default_slots: int = 1,
        simulate_rate_limits: bool = False,
        lease_term: float = math.inf,
        jitter: Callable[[], float] = random.random,
        time_of_day: Now = utc_now,
    ) -> None:
        self._time_of_day = time_of_day
        self._budget = Budget() if budget is None else budget
        accounts = accounts_of(credentials, default_slots=default_slots, jitter=jitter)
        self._stock = Stock(accounts)
        self._simulate_rate_limits = simulate_rate_limits
        self._ids = itertools.count(1)
        self._tickets: dict[str, Ticket] = {}  # in the order of their coming
        self._waits: dict[str, Waiting] = {}  # what each of them waits for
        self._refused: dict[tuple[str | None, str], Refused] = {}  # for who did not hear it
        self._loans: dict[str, Loan] = {}
        self._silence = Silence(lease_term)
        self._patience = Patience()
        self._served_until = -math.inf  # before then time alone changes nothing for the queue
        self._has_news = False  # somebody was granted a lease, or refused one

    def request(self, owner: str | None, wish: Wish | None) -> str:
        """Queue up for a credential that serves the wish (None: for any), and get a ticket."""
        ticket = str(next(self._ids))
        self._tickets[ticket] = Ticket(owner, wish)
        self._silence.broken(owner)
        self._has_changed()
        return ticket

    def poll(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        """What the ticket gets at this moment; granted once, it gets the same lease again.

        The whole queue is granted, in turn, what it can get; the others hear of it when they poll.
        """
        answer = self.look(owner, ticket, now)
        self.give(owner, ticket)
        return answer

    def look(self, owner: str | None, ticket: str, now: float) -> Lease | Waiting | Refused:
        """The same for a caller who keeps a lease to himself until he may `give` it."""
        self._hear(owner)
        self._serve(now)
        if loan := self._loan(owner, ticket):
            return loan.lease
        if refused := self._refused.get((owner, ticket)):
            return refused
        if ticket in self._tickets and self._tickets[ticket].owner == owner:
            return self._waits[ticket]
        return Refused("There is no such ticket")

    def give(self, owner: str | None, lease_id: str) -> bool:
        """Whether the owner may have the lease, which he uses then; False if it is his no more."""
        loan = self._loan(owner, lease_id)
        if loan is not None:
            loan.was_given = True
        return loan is not None

    def cannot_be_recorded(
        self, owner: str | None, lease_id: str, error: OSError, now: float
    ) -> None:
        """Refuse the call of a lease after all, and every further one that costs something."""
        refused = self._budget.cannot_be_recorded(error)
        if self._loan(owner, lease_id):
            self._drop(lease_id, now)
            self._refused[owner, lease_id] = refused

    def renew(self, owner: str) -> None:
        """Hear that the owner is there and still needs what it holds."""
        self._hear(owner)

    def lapse(self, now: float) -> list[Lapsed]:
        """Give to others what silent owners hold; their calls may still end, and be settled."""
        lapsed = []
        for owner in self._silence.look(now):
            for lease_id, loan in list(self._loans.items()):
                if loan.owner != owner or loan.has_lapsed:  # who is silent again holds it no more
                    continue
                lapsed.append(Lapsed(owner, loan.lease.credential))
                loan.lapse(now)
                if not loan.was_given:  # then nobody calls: the wish has its place again
                    self._forget(lease_id, _NOTHING)
                    self._tickets[lease_id] = loan.ticket
            self._tickets = dict(sorted(self._tickets.items(), key=lambda one: int(one[0])))
            self._has_changed()
        return lapsed

    def settle(
        self, owner: str | None, lease_id: str, result: Answer | Refusal | None, now: float
    ) -> Effect | None:
        """Take a lease back, draw the consequences of its call, and say what has changed.

        A lease that is not this owner's, or not any more, changes nothing.
        """
        loan = self._loan(owner, lease_id)
        if loan is None:
            return None
        self._hear(owner)
        usage = None if result is None else result.usage
        self._forget(lease_id, usage if loan.was_given else _NOTHING)
        if result is not None and (hint := result.hint.sane()) is not result.hint:
            result = replace(result, hint=hint)
        return loan.settle(result, now)

    def cancel(self, owner: str | None, ticket: str, now: float) -> None:
        """Give up a wish: its place in the queue, or the lease that was granted meanwhile."""
        self._refused.pop((owner, ticket), None)
        if ticket in self._tickets and self._tickets[ticket].owner == owner:
            del self._tickets[ticket]
            self._has_changed()
        if self._loan(owner, ticket):
            self._drop(ticket, now)

    def take_back(self, owner: str, now: float) -> None:
        """Forget the owner: all its tickets and leases are void."""
        for ticket in [t for t, wanted in self._tickets.items() if wanted.owner == owner]:
            del self._tickets[ticket]
        for refused in [one for one in self._refused if one[0] == owner]:
            del self._refused[refused]
        for lease_id in [i for i, loan in self._loans.items() if loan.owner == owner]:
            self._drop(lease_id, now)
        self._stock.forget(owner)
        self._silence.forget(owner)
        self._has_changed()

    def resting(self, now: float) -> list[Resting]:
        """The domains that rest or are closed for a time, and for how long yet."""
        return resting(self._stock.accounts, now)

    def recall(self, rests: Iterable[Resting], now: float) -> None:
        """Take over what an earlier run found; of other quotas nothing is taken."""
        recall(self._stock.accounts, rests, now)

    def slot_counts(self) -> list[SlotCount]:
        """How many calls each quota takes at once; one that cools down counts."""
        return [SlotCount(one.name, one.slots, one.open_slots) for one in self._stock.accounts]

    def open_slots(self) -> int:
        """How many all take together."""
        return self._stock.open_slots

    def next_wake_up(self, now: float) -> float | None:
        """When a ticket may be served that cannot be yet; None where only a settled lease helps."""
        self._serve(now)
        return self._served_until if self._served_until < math.inf else None

    def take_news(self) -> bool:
        """Whether anybody was granted a lease or refused one since this was asked last.

        It may have been anybody's poll that did it, so who waits for it does not know.
        """
        has_news, self._has_news = self._has_news, False
        return has_news

    @property
    def anyone_waiting(self) -> bool:
        """Whether a ticket is out that is neither granted nor refused."""
        return bool(self._tickets)

    def _loan(self, owner: str | None, lease_id: str) -> Loan | None:
        """The loan behind a lease, if it is this owner's."""
        loan = self._loans.get(lease_id)
        return loan if loan is not None and loan.owner == owner else None

    def _has_changed(self) -> None:
        """See to the queue again, whatever the time."""
        self._served_until = -math.inf

    def _hear(self, owner: str | None) -> None:
        if owner in self._silence:
            self._has_changed()
        self._silence.broken(owner)

    def _serve(self, now: float) -> None:
        """Grant or refuse what can be, in turn, and note what all others wait for."""
        if now < self._served_until:
            return
        self._waits = {}
        self._patience.begin()
        claimed: set[Domain] = set()  # somebody who came earlier waits for them
        waits_of: dict[tuple[str | None, str | None], Waiting] = {}  # and so all who want the same
        for ticket, wanted in list(self._tickets.items()):
            hopes = self._stock.hopes(wanted, now)
            room = Room.NOW if wanted.wish is None else self._budget.room_for(wanted.wish)
            if room is Room.NOW and wanted.costs and self._patience.is_over:
                room = Room.LATER
            if refused := self._why_not(wanted, hopes, room, now):
                self._refuse(ticket, refused)
            elif wanted.owner in self._silence or room is Room.LATER:
                self._waits[ticket] = self._waiting(wanted, hopes, now, room)
                if wanted.owner not in self._silence:
                    self._patience.waits(ticket)
            elif wanted.kind in waits_of:
                self._waits[ticket] = waits_of[wanted.kind]
            else:
                free = [hope for hope in hopes if hope.domain not in claimed]
                ready = [hope for hope in free if hope.ready_at(wanted.most, now) <= now]
                if ready:
                    self._grant(ticket, self._stock.best(wanted, ready), now)
                    if wanted.costs:
                        self._patience.overtaken()
                else:
                    self._waits[ticket] = self._waiting(wanted, hopes, now, room)
                    waits_of[wanted.kind] = self._waits[ticket]
                    claimed.update(hope.domain for hope in free)
        times = (one.until for one in self._waits.values())
        self._served_until = min((at for at in times if at is not None), default=math.inf)

    def _waiting(self, wanted: Ticket, hopes: list[Hope], now: float, room: Room) -> Waiting:
        """What it waits for; the model is named where others may be served meanwhile."""
        model = "" if self._stock.is_all_for(wanted, now) else wanted.model or ""
        return waiting(wanted, hopes, now, model=model, for_budget=room is Room.LATER)

    def _refuse(self, ticket: str, refused: Refused) -> None:
        wanted = self._tickets.pop(ticket)
        self._refused[wanted.owner, ticket] = refused
        self._has_news = True

    def _why_not(self, wanted: Ticket, hopes: list[Hope], room: Room, now: float) -> Refused | None:
        """Why the ticket will never be served, if that is so."""
        if wanted.wish is not None and room is Room.NEVER:
            return self._budget.refusal(wanted.wish)
        if all(hope.closed_at(now) is not None for hope in hopes):
            return Refused(why_none(wanted.provider, hopes, now, self._time_of_day()))
        return None

    def _grant(self, ticket: str, hope: Hope, now: float) -> None:
        wanted, key = self._tickets[ticket], hope.key
        if wanted.wish is not None and not self._budget.reserve(ticket, wanted.wish):
            self._refuse(ticket, self._budget.refusal(wanted.wish))
            return
        del self._tickets[ticket]
        self._has_news = True
        simulate = self._simulate_rate_limits and key.granted % _SIMULATED_EVERY == 0
        self._stock.take(hope, wanted.owner)
        name, secret = key.credential.name, key.credential.secret
        lease = Lease(ticket, name, secret, simulate, hope.account.name)
        self._loans[ticket] = Loan(wanted, lease, hope, hope.domain.admit(wanted.most, now))

    def _drop(self, lease_id: str, now: float) -> None:
        """Take back a lease of which nobody will tell how its call went."""
        loan = self._loans[lease_id]
        self._forget(lease_id, None if loan.was_given else _NOTHING)
        if not loan.has_lapsed:
            loan.drop(now)

    def _forget(self, lease_id: str, usage: Usage | None) -> None:
        """Strike a lease out; what its call took is unknown if `usage` is None."""
        del self._loans[lease_id]
        self._budget.settle(lease_id, usage)
        self._has_changed()
