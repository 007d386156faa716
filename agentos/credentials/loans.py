"""A credential that is lent out, and what the end of its call tells."""

from dataclasses import dataclass

from agentos.core.calls import Answer, Lease, Refusal, RefusalKind
from agentos.credentials.answers import Cause, CoolingDown, Effect, TakesFewer
from agentos.credentials.domain import Admission
from agentos.credentials.hopes import Hope, Ticket, close


@dataclass(slots=True)
class Loan:
    """What a ticket was granted.

    `was_given` once the owner has seen it and so may have used it; `has_lapsed` once its slot went
    to others because the owner was silent, though its call may still end.
    """

    ticket: Ticket
    lease: Lease
    hope: Hope
    admission: Admission
    was_given: bool = False
    has_lapsed: bool = False

    @property
    def owner(self) -> str | None:
        """Who may settle it."""
        return self.ticket.owner

    def drop(self, now: float) -> None:
        """Free the slot of a call of which nobody tells how it went."""
        self.hope.account.in_use -= 1
        if self.was_given:
            self.hope.domain.ended(self.admission, None, now)
        else:
            self.hope.domain.never_made(self.admission, now)

    def lapse(self, now: float) -> None:
        """Free the slot now, and let the call end when it may."""
        self.has_lapsed = True
        self.drop(now)

    def settle(self, result: Answer | Refusal | None, now: float) -> Effect | None:
        """Free the slot, let the domain learn, and say what has changed for others."""
        was_closed = self.hope.closed_at(now) is not None
        rested_until, at_once = self.hope.domain.cooldown_until, self.hope.domain.at_once
        if not self.has_lapsed:
            self._learn(result, now)
        if result is None:
            return None
        if closed := close(self.hope, result, now):
            return closed
        if was_closed or self.has_lapsed:
            return None
        return self._told(result, rested_until, at_once, now)

    def _learn(self, result: Answer | Refusal | None, now: float) -> None:
        domain, call = self.hope.domain, self.admission
        self.hope.account.in_use -= 1
        if result is None:
            domain.ended(call, None, now)
        elif isinstance(result, Answer):
            domain.answered(call, result.usage, result.hint, now)
        elif self.lease.simulate_rate_limit:
            domain.never_made(call, now)
            domain.cool(now + (result.retry_after or 0.0))
        elif result.kind is RefusalKind.RATE_LIMITED:
            domain.refused(call, result.hint, now)
        elif result.kind is RefusalKind.OVERLOADED:
            domain.overloaded(call, result.usage, result.hint, now)
        else:
            domain.ended(call, result.usage, now)
            domain.heed(call, result.hint, now)

    def _told(
        self, result: Answer | Refusal, rested_until: float, at_once: int, now: float
    ) -> CoolingDown | TakesFewer | None:
        """What there is to tell, where the domain rested until then and took so many at once."""
        domain, credential = self.hope.domain, self.lease.credential
        until, cause = domain.cooldown_until, _cause(result)
        if cause is Cause.REFUSED and until <= now and domain.learns:
            return TakesFewer(credential, domain.at_once) if domain.at_once < at_once else None
        if cause is not Cause.REFUSED and until <= max(rested_until, now):
            return None
        return CoolingDown(credential, max(0.0, until - now), cause)


def _cause(result: Answer | Refusal) -> Cause:
    if isinstance(result, Refusal) and result.kind is RefusalKind.RATE_LIMITED:
        return Cause.REFUSED
    if isinstance(result, Refusal) and result.kind is RefusalKind.OVERLOADED:
        return Cause.OVERLOADED
    return Cause.USED_UP
