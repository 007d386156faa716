"""A model that pays its way: lease a credential, call, settle, and try again where it helps."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agentos.core.calls import (
    Answer,
    Lease,
    Leases,
    LimitHint,
    Model,
    Refusal,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
    Wish,
)
from agentos.core.clock import Clock
from agentos.core.errors import Interrupted, ModelError
from agentos.core.events import (
    CallAbandoned,
    CallFinished,
    CallRefused,
    CallStarted,
    Event,
    LeaseGranted,
    LeaseRequested,
)
from agentos.documents.substance import unwrapped, why_no_answer

MAX_ATTEMPTS = 4
"""Calls that fail for a passing reason before the item does; rate limits do not count."""

MAX_EMPTY_ANSWERS = 2
"""An empty answer has been paid for, and the same question mostly brings the same."""

FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice the one before."""

SIMULATED_BACKOFF = 1.0
"""Seconds of the rate limit that AGENTOS_SIMULATE_429 plays."""

_REVIEWS = frozenset({RequestKind.REVIEW_LLD, RequestKind.REVIEW_ISSUE})


@dataclass(frozen=True, slots=True)
class _Flight:
    """A request that went out. `has_landed` once its answer is here and on its way to its asker."""

    lease: Lease
    started: float
    has_landed: bool = False


class LeasingModel:
    """One call at a time, each with a lease of its own.

    `run` is one thread's business; `in_flight` and `abandon` are for the thread that waits for it.
    `pause(seconds)` waits between attempts; it is the injected clock's business in tests.
    """

    def __init__(
        self,
        model: Model,
        leases: Leases,
        emit: Callable[[Event], None],
        *,
        clock: Clock = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model = model
        self._leases = leases
        self._emit = emit
        self._clock = clock
        self._pause = pause
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
            self._emit(
                CallAbandoned(
                    call=flight.lease.id,
                    credential=flight.lease.credential,
                    model=self._model.name,
                    reason=reason,
                )
            )
            return True

    def run(self, request: Request) -> Answer:
        """Ask until there is an answer.

        Raises ModelError for a refusal that would repeat, CredentialsExhausted or BudgetExhausted
        when no further call will be possible, Interrupted after `cancel`.
        """
        self._flight = None
        failures: Counter[bool] = Counter()  # empty answers, and all others
        pause = 0.0
        while True:
            lease = self._acquire(request, pause)
            result = self._call(lease, request)
            self._leases.settle(lease, result)
            if isinstance(result, Answer):
                return result
            pause = 0.0
            if result.kind in (RefusalKind.RATE_LIMITED, RefusalKind.CREDENTIAL):
                continue  # the pool has rested or closed it; the next lease waits or is another
            is_empty = result.kind is RefusalKind.EMPTY
            failures[is_empty] += 1
            if failures[is_empty] >= _attempts(result.kind):
                raise ModelError(_complaint(self._model.name, result, failures.total()))
            backoff = FIRST_PAUSE * 2 ** (failures.total() - 1)
            pause = backoff if result.retry_after is None else result.retry_after

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
            self._flight = _Flight(lease, self._clock())
            self._emit(LeaseGranted(credential=lease.credential))
            self._emit(
                CallStarted(
                    call=lease.id,
                    credential=lease.credential,
                    model=self._model.name,
                    most_input_tokens=wish.bound.input_tokens,
                    most_output_tokens=wish.bound.output_tokens,
                )
            )
        return lease

    def _heed_cancel(self) -> None:
        if self._cancelled:
            raise Interrupted("stopped before the next call")

    def _call(self, lease: Lease, request: Request) -> Answer | Refusal:
        if lease.simulate_rate_limit:
            hint = LimitHint(SIMULATED_BACKOFF)
            return self._land(
                Refusal(RefusalKind.RATE_LIMITED, "simulated", hint, "simulated", Usage())
            )
        result = self._model.complete(request, lease.secret)
        return self._land(_judged(request, result) if isinstance(result, Answer) else result)

    def _land(self, result: Answer | Refusal) -> Answer | Refusal:
        """Tell how the call ended, unless it was abandoned meanwhile."""
        with self._changing:
            flight = self._flight
            if flight is None:
                raise Interrupted("stopped while waiting for the model")
            seconds = self._clock() - flight.started
            self._emit(_end_of_call(flight.lease, self._model.name, seconds, result))
            arrived = isinstance(result, Answer)
            self._flight = replace(flight, has_landed=True) if arrived else None
        return result


def _attempts(kind: RefusalKind) -> int:
    if kind is RefusalKind.REQUEST:
        return 1
    return MAX_EMPTY_ANSWERS if kind is RefusalKind.EMPTY else MAX_ATTEMPTS


def _complaint(name: str, refusal: Refusal, failures: int) -> str:
    if failures == 1:
        return f"{name} refused: {refusal.message}"
    return f"{name} gave no answer in {failures} attempts: {refusal.message}"


def _judged(request: Request, answer: Answer) -> Answer | Refusal:
    """The answer, or the refusal that it amounts to."""
    text = unwrapped(answer.text)
    if why := why_no_answer(text, may_be_short=request.kind in _REVIEWS):
        return Refusal(RefusalKind.EMPTY, why, answer.hint, "empty", answer.usage)
    return replace(answer, text=text)


def _end_of_call(lease: Lease, model: str, seconds: float, result: Answer | Refusal) -> Event:
    usage = result.usage or Usage()
    tokens: dict[str, Any] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }
    if isinstance(result, Answer):
        return CallFinished(
            call=lease.id,
            credential=lease.credential,
            model=model,
            seconds=seconds,
            usage_known=result.usage is not None,
            truncated=result.truncated,
            **tokens,
        )
    return CallRefused(
        call=lease.id,
        credential=lease.credential,
        model=model,
        seconds=seconds,
        refusal=result.kind,
        message=result.message,
        code=result.code,
        retry_after=result.retry_after,
        usage_known=result.usage is not None,
        **tokens,
    )
