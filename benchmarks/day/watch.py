"""Sees every lease, and breaks off when the pool does what it must not.

It judges by what providers and the pool have said, not by what the pool keeps in mind.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from agentos.core.calls import Answer, Lease, Refusal, RefusalKind
from agentos.core.credentials import Credential
from agentos.credentials.answers import Closed, CoolingDown, Effect
from agentos.credentials.hopes import SHORTEST_CLOSURE, UNKNOWN_REST
from agentos.credentials.pool import CredentialPool
from benchmarks.day.inside import could_serve, leaks
from benchmarks.day.rules import BrokenPromiseError
from benchmarks.day.waiter import Waiter

MOST_OVERTAKING = 10
"""Later requests that may be served before one which could have had what they got."""

_EXACTLY = 1e-6  # seconds; additions of floats are not exact


class Watch:
    """Of a day and all of its runs; `default_slots` are those of an account that tells none."""

    def __init__(self, credentials: Iterable[Credential], default_slots: int) -> None:
        self.answered = 0
        self.refused: Counter[RefusalKind] = Counter()
        self.closed: Counter[str] = Counter()  # by credential
        self.most_overtaken = 0
        self.longest_wait = 0.0
        self._credentials = {one.name: one for one in credentials}
        self._slots = {
            one.domain_name: one.max_concurrent or default_slots
            for one in self._credentials.values()
        }
        self._pool: CredentialPool | None = None
        self._out: dict[str, tuple[str, str, str]] = {}  # lease -> owner, quota, model
        self._rests: dict[tuple[str, str], float] = {}  # quota and model -> until when
        self._used_up: dict[tuple[str, str], float] = {}  # of those, what is so for the day
        self._dead: set[str] = set()  # credentials and quotas, until the run ends

    def begin_run(self, pool: CredentialPool) -> None:
        """A new pool knows of rests, and nothing of what was refused for good."""
        self._pool = pool
        self._dead.clear()

    def end_run(self) -> None:
        """All owners are gone. Raises BrokenPromiseError if anything is left of them."""
        left = list(leaks(self._pool)) if self._pool else []
        if left or self._out:
            raise BrokenPromiseError(f"A run leaves behind: {', '.join([*left, *self._out])}")

    def granted(
        self, granted: Sequence[tuple[Waiter, Lease]], still: Sequence[Waiter], now: float
    ) -> None:
        """Some were served at this moment, and others were not."""
        for waiter, lease in granted:
            self._grant(waiter, lease, now)
            self.longest_wait = max(self.longest_wait, now - waiter.since)
            for other in still:
                if other.turn < waiter.turn and self._could_have_had(other, waiter, lease, now):
                    self._overtake(other)

    def turned_away(self, waiter: Waiter, now: float) -> None:
        """The pool says that nothing will serve the wish any more."""
        for one in self._credentials.values():
            if one.provider != waiter.wish.provider or self._dead & {one.name, one.domain_name}:
                continue
            if self._used_up.get((one.domain_name, waiter.wish.model), now) <= now:
                raise BrokenPromiseError(f"{waiter.wish.model} is given up, and {one.name} works")

    def settled(
        self,
        lease: Lease,
        result: Answer | Refusal,
        effect: Effect | None,
        now: float,
    ) -> None:
        """A lease came back; `effect` is what the pool says of it."""
        _, quota, model = self._out.pop(lease.id)
        if isinstance(effect, CoolingDown):
            self._rest(quota, model, now + effect.seconds)
        if isinstance(effect, Closed):
            self.closed[effect.credential] += 1
        if isinstance(result, Answer):
            self.answered += 1
            return
        self.refused[result.kind] += 1
        match result.kind:
            case RefusalKind.RATE_LIMITED:
                self._rest(quota, model, now + (result.retry_after or 0.0))
            case RefusalKind.DAILY_QUOTA:
                rest = UNKNOWN_REST if result.retry_after is None else result.retry_after
                self._rest(quota, model, now + rest)
                self._used_up[quota, model] = now + max(rest, SHORTEST_CLOSURE)
            case RefusalKind.CREDENTIAL:
                self._dead.add(lease.credential)
            case RefusalKind.ACCOUNT:
                self._dead.add(quota)

    def taken_back(self, owner: str) -> None:
        """An owner is gone, and with it what it held."""
        self._out = {lease: one for lease, one in self._out.items() if one[0] != owner}

    def _grant(self, waiter: Waiter, lease: Lease, now: float) -> None:
        credential = self._credentials[lease.credential]
        quota, model = credential.domain_name, waiter.wish.model
        if credential.provider != waiter.wish.provider:
            raise BrokenPromiseError(f"{lease.credential} is lent for {model}")
        if self._dead & {lease.credential, quota}:
            raise BrokenPromiseError(f"{lease.credential} is lent though it was refused for good")
        early = self._rests.get((quota, model), now) - now
        if early > _EXACTLY:
            raise BrokenPromiseError(
                f"{lease.credential} is lent for {model} {early:g} s before its rest ends"
            )
        if lease.id in self._out:
            raise BrokenPromiseError(f"The lease {lease.id} is granted twice")
        self._out[lease.id] = waiter.owner, quota, model
        in_use = sum(one[1] == quota for one in self._out.values())
        if in_use > self._slots[quota]:
            raise BrokenPromiseError(
                f"{in_use} calls at once with {quota}, which has {self._slots[quota]}"
            )

    def _could_have_had(self, other: Waiter, waiter: Waiter, lease: Lease, now: float) -> bool:
        """Whether what served the one could have served the other, who came before."""
        if other.wish.provider != waiter.wish.provider:
            return False
        quota = self._credentials[lease.credential].domain_name
        if other.wish.model == waiter.wish.model:
            return True
        return self._pool is not None and could_serve(self._pool, quota, other.wish, now)

    def _overtake(self, other: Waiter) -> None:
        other.overtaken += 1
        self.most_overtaken = max(self.most_overtaken, other.overtaken)
        if other.overtaken > MOST_OVERTAKING:
            raise BrokenPromiseError(
                f"A request for {other.wish.model} is overtaken by {other.overtaken}"
            )

    def _rest(self, quota: str, model: str, until: float) -> None:
        self._rests[quota, model] = max(until, self._rests.get((quota, model), until))
