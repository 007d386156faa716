"""A model that pays its way: lease a credential, call, settle, and try again where it helps."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agentos.core.backoff import backoff
from agentos.core.calls import (
    Answer,
    Lease,
    Leases,
    Limit,
    LimitHint,
    LimitScope,
    Model,
    Refusal,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
    Wish,
)
from agentos.core.clock import Clock
from agentos.core.errors import Interrupted, ModelError, ModelUnavailable
from agentos.core.events import (
    CallFinished,
    CallRefused,
    CallStarted,
    Event,
    LeaseGranted,
    LeaseRequested,
)
from agentos.core.masking import SHORTEST_SECRET
from agentos.core.quoted_secrets import Quotes
from agentos.documents.substance import unwrapped, why_no_answer

MAX_ATTEMPTS = 5
"""Calls that fail for a passing reason before the item does; rate limits do not count."""

MAX_OVERLOADED = 9
OVERLOADED_PATIENCE = 1800.0
"""The same where the provider says that it is busy: so many, whatever comes in between, and for so
many seconds at least since the first. After each the pool keeps all calls to it back for a while.
"""

MAX_EMPTY_ANSWERS = 2
"""An empty answer has been paid for, and the same question mostly brings the same."""

FIRST_CALL_PAUSE, LONGEST_CALL_PAUSE = 1.0, 60.0
"""Seconds before a call is made again; each pause is twice the one before."""

LONGEST_WISHED_PAUSE = 600.0
"""Seconds of one that a provider wants: whoever is away for longer is asked for a sign of life."""

SIMULATED_BACKOFF = 1.0
"""Seconds of the rate limit that AGENTOS_SIMULATE_429 plays."""

_REVIEWS = frozenset({RequestKind.REVIEW_LLD, RequestKind.REVIEW_ISSUE})


@dataclass(frozen=True, slots=True)
class _Flight:
    """A request that went out. `has_landed` once its answer is here and on its way to its asker."""

    call: CallStarted
    started: float
    has_landed: bool = False


class LeasingModel:
    """One call at a time, each with a lease of its own.

    `run` is one thread's business; `in_flight` and `abandon` are for the thread that waits for it.
    `pause(seconds)` waits between attempts, `jitter()` gives a number from 0 to 1: the injected
    clock's business in tests.
    """

    def __init__(
        self,
        model: Model,
        leases: Leases,
        emit: Callable[[Event], None],
        *,
        clock: Clock = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._leases = leases
        self._emit = emit
        self._clock = clock
        self._pause = pause
        self._jitter = jitter
        self._changing = threading.Lock()  # guards the two below
        self._flight: _Flight | None = None
        self._cancelled = False

    @property
    def name(self) -> str:
        """The full name of the model behind it."""
        return self._model.name

    @property
    def in_flight(self) -> bool:
        """Whether a model is working or has answered, so that to abandon the call costs it."""
        return self._flight is not None

    def cancel(self) -> None:
        """Begin no further attempt."""
        with self._changing:
            self._cancelled = True

    def abandon(self, reason: str) -> bool:
        """Wait no more for a call in flight; False if its answer is here after all."""
        with self._changing:
            self._cancelled = True
            flight = self._flight
            if flight is None:
                return True
            if flight.has_landed:
                return False
            self._flight = None
            self._emit(flight.call.abandoned(reason))
            return True

    def run(self, request: Request) -> Answer:
        """Ask until there is an answer.

        Raises ModelError for a refusal that would repeat, CredentialsExhausted, BudgetExhausted or
        SpendingUnrecorded when no further call will be possible, Interrupted after `cancel`.
        """
        self._flight = None
        failures: Counter[RefusalKind] = Counter()
        overloaded_since = math.inf
        pause = 0.0
        while True:
            lease = self._acquire(request, pause)
            result = self._call(lease, request)
            self._leases.settle(lease, result)
            if isinstance(result, Answer):
                return result
            pause = 0.0
            if result.kind is RefusalKind.RATE_LIMITED or result.kind.is_terminal:
                continue  # the pool has rested or closed it; the next lease waits or is another
            failures[result.kind] += 1
            if result.kind is RefusalKind.OVERLOADED:
                overloaded_since = min(overloaded_since, self._clock())
            if self._gives_up(result.kind, failures[result.kind], overloaded_since):
                raise _complaint(self._model.name, result, failures.total())
            if result.kind is not RefusalKind.OVERLOADED:  # for that the pool rests the domain
                pause = self._pause_after(failures.total(), result.retry_after)

    def _gives_up(self, kind: RefusalKind, failures: int, overloaded_since: float) -> bool:
        if kind is RefusalKind.OVERLOADED:
            has_waited = self._clock() - overloaded_since >= OVERLOADED_PATIENCE
            return failures >= MAX_OVERLOADED and has_waited
        return failures >= _attempts(kind)

    def _pause_after(self, failures: int, wished: float | None) -> float:
        """Seconds before the next attempt.

        A wish only makes it longer: one for nothing would take all attempts in a moment.
        """
        own = backoff(failures, FIRST_CALL_PAUSE, LONGEST_CALL_PAUSE, self._jitter)
        return max(own, min(wished or 0.0, LONGEST_WISHED_PAUSE))

    def _acquire(self, request: Request, pause: float) -> Lease:
        """A lease after a pause, for neither of which a deadline runs."""
        self._heed_cancel()
        self._emit(LeaseRequested(provider=self._model.provider))
        if pause:
            self._pause(pause)
        wish = Wish(self._model.provider, self._model.name, self._model.bound(request))
        lease = self._leases.acquire(wish)
        with self._changing:
            self._heed_cancel()  # the lease is taken back when this process ends
            call = CallStarted(
                call=lease.id,
                credential=lease.credential,
                model=wish.model,
                quota=lease.quota,
                most_input_tokens=wish.bound.input_tokens,
                most_output_tokens=wish.bound.output_tokens,
            )
            self._flight = _Flight(call, self._clock())
            self._emit(LeaseGranted(credential=lease.credential))
            self._emit(call)
        return lease

    def _heed_cancel(self) -> None:
        if self._cancelled:
            raise Interrupted("stopped before the next call")

    def _call(self, lease: Lease, request: Request) -> Answer | Refusal:
        if lease.simulate_rate_limit:
            limit = Limit(LimitScope.REQUESTS, remaining=0, reset_after=SIMULATED_BACKOFF)
            hint = LimitHint(SIMULATED_BACKOFF, (limit,))
            return self._land(
                Refusal(RefusalKind.RATE_LIMITED, "simulated", hint, "simulated", Usage())
            )
        result = _without_secret(self._model.complete(request, lease.secret), lease.secret)
        return self._land(_judged(request, result) if isinstance(result, Answer) else result)

    def _land(self, result: Answer | Refusal) -> Answer | Refusal:
        """Tell how the call ended, unless it was abandoned meanwhile."""
        with self._changing:
            flight = self._flight
            if flight is None:
                raise Interrupted("stopped while waiting for the model")
            seconds = self._clock() - flight.started
            self._emit(_end_of_call(flight.call, seconds, result))
            arrived = isinstance(result, Answer)
            self._flight = replace(flight, has_landed=True) if arrived else None
        return result


def _attempts(kind: RefusalKind) -> int:
    match kind:
        case RefusalKind.REQUEST:
            return 1
        case RefusalKind.EMPTY:
            return MAX_EMPTY_ANSWERS
    return MAX_ATTEMPTS


def _complaint(name: str, refusal: Refusal, failures: int) -> ModelError:
    if failures == 1:
        return ModelError(f"{name} refused: {refusal.message}")
    sentence = f"{name} gave no answer in {failures} attempts: {refusal.message}"
    passes = refusal.kind in (RefusalKind.TRANSIENT, RefusalKind.OVERLOADED)
    return ModelUnavailable(sentence) if passes else ModelError(sentence)


def _without_secret(result: Answer | Refusal, secret: str | None) -> Answer | Refusal:
    """The result without the key: a server may echo it, and journal and documents are files."""
    if secret is None or len(secret) < SHORTEST_SECRET:
        return result
    quotes = Quotes(secret)
    if isinstance(result, Answer):
        return replace(result, text=quotes.mask_prose(result.text))
    return replace(result, message=quotes.mask(result.message), code=quotes.mask(result.code))


def _judged(request: Request, answer: Answer) -> Answer | Refusal:
    """The answer, or the refusal that it amounts to."""
    text = unwrapped(answer.text)
    if not text and answer.truncated:
        why = "thoughts took all of the output limit; raise max_output_tokens"
        return Refusal(RefusalKind.REQUEST, why, answer.hint, "truncated", answer.usage)
    if why := why_no_answer(text, may_be_short=request.kind in _REVIEWS):
        return Refusal(RefusalKind.EMPTY, why, answer.hint, "empty", answer.usage)
    return replace(answer, text=text)


def _end_of_call(call: CallStarted, seconds: float, result: Answer | Refusal) -> Event:
    usage = result.usage or Usage()
    known: dict[str, Any] = call.of_call | {
        "seconds": seconds,
        "usage_known": result.usage is not None,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }
    if isinstance(result, Answer):
        return CallFinished(truncated=result.truncated, **known)
    return CallRefused(
        refusal=result.kind,
        message=result.message,
        code=result.code,
        limits=result.used_up,
        retry_after=result.retry_after,
        **known,
    )
