"""The thread-safe face of the credential pool: who asks waits here, and people are told why."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Wish
from agentos.core.clock import Clock, Now, utc_now
from agentos.core.credentials import Credential, Rest
from agentos.credentials.answers import Refused, Resting, Waiting
from agentos.credentials.budget import Budget
from agentos.credentials.pool import CredentialPool
from agentos.workflows.parallel.pool_sentences import Told, of_effect, of_lapse, of_slots

DEFAULT_COOLDOWN = 60.0
"""Seconds that a credential rests which a thread gives back as rate-limited without more."""

_LONGEST_SLEEP = 3600.0  # seconds; a Condition refuses to wait for centuries at once

_SHORTEST_MEMORY = 5.0  # seconds of a rest; a shorter one is over before the next run


class CredentialCoordinator:
    """Lends credentials to threads (`acquire`, `release`) and to child processes (the rest).

    A bare string is a secret with exactly one slot, called `key-1`, `key-2` by position; a
    Credential has `max_concurrent` slots, else `default_slots`. No lease is granted for which
    `budget` has no room. `notify` hears every sentence for people, outside of the lock; None
    prints it. What a process holds goes to others when it was not heard of for `lease_term`
    seconds. `recalled` are rests that an earlier run met; `remember` hears, outside of the lock, of
    those that are worth it, and `on_slots` that their number has changed. Raises ConfigError for
    two of one name.
    """

    def __init__(
        self,
        credentials: Iterable[str | Credential],
        *,
        notify: Callable[[str], None] | None = None,
        clock: Clock = time.monotonic,
        now: Now = utc_now,
        budget: Budget | None = None,
        default_slots: int = 1,
        simulate_rate_limits: bool = False,
        lease_term: float = math.inf,
        recalled: Iterable[Rest] = (),
        remember: Callable[[Sequence[Rest]], None] | None = None,
        on_slots: Callable[[], None] | None = None,
    ) -> None:
        given = list(credentials)
        named = [_named(one, position) for position, one in enumerate(given, start=1)]
        self._budget = Budget() if budget is None else budget
        self._pool = CredentialPool(
            named,
            budget=self._budget,
            default_slots=default_slots,
            simulate_rate_limits=simulate_rate_limits,
            lease_term=lease_term,
            time_of_day=now,
        )
        self._given = {one.name: original for one, original in zip(named, given, strict=True)}
        self._acquired: list[Lease] = []
        self._notify = notify
        self._clock = clock
        self._now = now
        self._changed = threading.Condition()
        self._told = Told(now)
        self._remember = remember
        recalled = list(recalled)
        self._remembered = {(r.provider, r.quota, r.model): r.until for r in recalled}
        self._on_slots = on_slots
        self._pool.recall(map(self._resting, recalled), clock())
        self._slots = self._pool.open_slots()  # as they were told last

    def acquire(self, timeout: float | None = None) -> str | Credential | None:
        """Wait up to `timeout` seconds, None for ever, and get one of the objects passed in.

        None when the time is over, or at once when every credential is closed.
        """
        ticket = self._request(None, None)
        answer: object = None
        try:
            answer = self._wait(None, ticket, math.inf if timeout is None else timeout)
        finally:  # also when a signal's exception ends the wait: a place kept would block others
            with self._changed:
                if isinstance(answer, Lease):
                    self._acquired.append(answer)
                else:
                    self._pool.cancel(None, ticket, self._clock())
                    self._wake()
        return self._given[answer.credential] if isinstance(answer, Lease) else None

    def release(
        self,
        credential: str | Credential,
        rate_limited: bool = False,
        backoff_seconds: float = DEFAULT_COOLDOWN,
    ) -> None:
        """Give back what `acquire` lent; rate-limited, it rests for `backoff_seconds`.

        Raises ValueError for what is not out, and for a time that is no number of seconds.
        """
        if not (math.isfinite(backoff_seconds) and backoff_seconds >= 0):
            raise ValueError(f"backoff_seconds cannot be {backoff_seconds}")
        with self._changed:
            lease = self._lease_of(credential)
            if lease is None:
                raise ValueError("Cannot release a credential that is not lent out")
            self._acquired.remove(lease)
        limit = Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(backoff_seconds))
        self._settle(None, lease.id, limit if rate_limited else None)

    def request(self, owner: str, wish: Wish) -> str:
        """Queue the owner up for a credential that serves the wish; returns its ticket."""
        return self._request(owner, wish)

    def wait(self, owner: str, ticket: str, timeout: float) -> Lease | Waiting | Refused:
        """What the ticket gets within `timeout` seconds; while waiting it keeps its place."""
        return self._wait(owner, ticket, timeout)

    def settle(self, owner: str, lease_id: str, result: Answer | Refusal) -> None:
        """Take a lease back and hear how its call went. Twice does nothing."""
        self._settle(owner, lease_id, result)

    def take_back(self, owner: str) -> None:
        """Void the tickets and leases of an owner that is gone."""
        with self._changed:
            self._pool.take_back(owner, self._clock())
            self._wake()

    def renew(self, owner: str) -> None:
        """Hear that a process is there and needs what it holds."""
        with self._changed:
            self._pool.renew(owner)

    def open_slots(self) -> int:
        """How many calls may be in flight at once; a cooling credential counts."""
        with self._changed:
            return self._pool.open_slots()

    def describe_slots(self) -> str:
        """The same for people, without a full stop, and why there are not more."""
        with self._changed:
            return of_slots(self._pool.slot_counts())

    def _request(self, owner: str | None, wish: Wish | None) -> str:
        with self._changed:
            return self._pool.request(owner, wish)

    def _wait(self, owner: str | None, ticket: str, timeout: float) -> Lease | Waiting | Refused:
        deadline = self._clock() + timeout
        has_to_last = self._budget.outlives_power_cuts
        ask = self._pool.look if has_to_last else self._pool.poll
        while True:
            with self._changed:
                now = self._clock()
                sentences = [of_lapse(one) for one in self._pool.lapse(now)]
                answer = ask(owner, ticket, now)
                slots_changed = self._slots_changed()  # a quota's day may be over
                if self._pool.take_news() or sentences:
                    self._wake()
                if isinstance(answer, Waiting) and now < deadline:
                    news = self._told.news(answer, now)
                    sentences += [] if news is None else [news]
                    if not sentences and not slots_changed:
                        wake_up = deadline if answer.until is None else min(deadline, answer.until)
                        self._changed.wait(min(wake_up - now, _LONGEST_SLEEP))
                        continue
            self._tell_of_slots(slots_changed)
            for sentence in sentences:
                self._tell(sentence)
            if has_to_last and isinstance(answer, Lease) and not self._is_recorded(owner, answer):
                continue  # the ticket is refused now, or waits again
            if not isinstance(answer, Waiting) or now >= deadline:
                return answer

    def _is_recorded(self, owner: str | None, lease: Lease) -> bool:
        """Wait until the worst case of the lease's call is on disk, and give the lease then.

        False if that is impossible, or the lease is the owner's no more. It is slow, and so done
        outside of the lock.
        """
        try:
            self._budget.sync()
        except OSError as error:
            with self._changed:
                self._pool.cannot_be_recorded(owner, lease.id, error, self._clock())
                self._wake()
            return False
        with self._changed:
            return self._pool.give(owner, lease.id)

    def _settle(self, owner: str | None, lease_id: str, result: Answer | Refusal | None) -> None:
        with self._changed:
            effect = self._pool.settle(owner, lease_id, result, self._clock())
            slots_changed = self._slots_changed()
            may_rest = effect is not None or isinstance(result, Refusal)
            rests = self._worth_remembering() if self._remember is not None and may_rest else []
            self._wake()
        if self._remember is not None and rests:
            self._remember(rests)
        if effect is not None:
            self._tell(of_effect(effect))
        self._tell_of_slots(slots_changed)

    def _slots_changed(self) -> bool:
        """Whether there are more or fewer than when this was asked last."""
        before, self._slots = self._slots, self._pool.open_slots()
        return self._slots != before

    def _tell_of_slots(self, have_changed: bool) -> None:
        if self._on_slots is not None and have_changed:
            self._on_slots()

    def _worth_remembering(self) -> list[Rest]:
        """The rests that a next run would meet, and that have grown since they were told."""
        found = []
        for one in self._pool.resting(self._clock()):
            key = one.provider, one.quota, one.model
            until = self._now() + timedelta(seconds=one.seconds)
            known = self._remembered.get(key)
            has_grown = known is None or until - known > timedelta(seconds=1)
            if one.model and one.seconds >= _SHORTEST_MEMORY and has_grown:
                self._remembered[key] = until
                found.append(Rest(*key, until, one.reason))
        return found

    def _resting(self, rest: Rest) -> Resting:
        seconds = (rest.until - self._now()).total_seconds()
        return Resting(rest.provider, rest.quota, rest.model, max(0.0, seconds), rest.reason)

    def _wake(self) -> None:
        """Let every waiter look again; an episode ends when nobody waits any more."""
        if not self._pool.anyone_waiting:
            self._told.end_of_episode()
        self._changed.notify_all()

    def _tell(self, sentence: str) -> None:
        (self._notify or print)(sentence)

    def _lease_of(self, credential: str | Credential) -> Lease | None:
        lent = (lease for lease in self._acquired if self._given[lease.credential] == credential)
        return next(lent, None)


def _named(credential: str | Credential, position: int) -> Credential:
    if isinstance(credential, Credential):
        return credential
    return Credential(f"key-{position}", credential, max_concurrent=1)
