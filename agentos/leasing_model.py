"""A model that pays its way: lease a credential, call, settle, and try again where it helps."""

import threading
import time
from collections.abc import Callable

from agentos.core.calls import Answer, Lease, Leases, Model, Refusal, RefusalKind, Request
from agentos.core.clock import Clock
from agentos.core.errors import Interrupted, ModelError
from agentos.core.events import (
    CallFinished,
    CallRefused,
    Event,
    LeaseGranted,
    LeaseRequested,
)

MAX_ATTEMPTS = 4
"""Calls that fail for a passing reason before the item does; rate limits do not count."""

FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice the one before."""

SIMULATED_BACKOFF = 1.0
"""Seconds of the rate limit that AGENTOS_SIMULATE_429 plays."""


class LeasingModel:
    """One call at a time, each with a lease of its own.

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
        self._cancelled = threading.Event()
        self._in_flight = False

    @property
    def name(self) -> str:
        """The full name of the model behind it."""
        return self._model.name

    @property
    def in_flight(self) -> bool:
        """Whether a model is working or has answered, so that to abandon the call costs it."""
        return self._in_flight

    def cancel(self) -> None:
        """Begin no further attempt."""
        self._cancelled.set()

    def run(self, request: Request) -> Answer:
        """Ask until there is an answer.

        Raises ModelError for a refusal that would repeat, CredentialsExhausted when no credential
        is left, Interrupted after `cancel`.
        """
        self._in_flight = False
        failures = 0
        while True:
            lease = self._acquire()
            result = self._call(lease, request)
            self._leases.settle(lease, result)
            if isinstance(result, Answer):
                return result  # in flight until it has arrived
            self._in_flight = False
            if result.kind in (RefusalKind.RATE_LIMITED, RefusalKind.CREDENTIAL):
                continue  # the pool has rested or closed it; the next lease waits or is another
            failures += 1
            if result.kind is RefusalKind.REQUEST or failures == MAX_ATTEMPTS:
                raise ModelError(f"{self._model.name} refused: {result.message}")
            backoff = FIRST_PAUSE * 2 ** (failures - 1)
            self._pause(backoff if result.retry_after is None else result.retry_after)

    def _acquire(self) -> Lease:
        self._heed_cancel()
        self._emit(LeaseRequested(provider=self._model.provider))
        lease = self._leases.acquire(self._model.provider)
        self._heed_cancel()  # the lease is taken back when this process ends
        self._emit(LeaseGranted(credential=lease.credential))
        return lease

    def _heed_cancel(self) -> None:
        if self._cancelled.is_set():
            raise Interrupted("stopped before the next call")

    def _call(self, lease: Lease, request: Request) -> Answer | Refusal:
        started = self._clock()
        result: Answer | Refusal
        if lease.simulate_rate_limit:
            result = Refusal(RefusalKind.RATE_LIMITED, "simulated", SIMULATED_BACKOFF)
        else:
            self._in_flight = True
            result = self._model.complete(request, lease.secret)
        if isinstance(result, Answer):
            self._emit(
                CallFinished(
                    credential=lease.credential,
                    model=result.model,
                    seconds=self._clock() - started,
                    input_tokens=result.usage.input_tokens,
                    output_tokens=result.usage.output_tokens,
                )
            )
        else:
            self._emit(
                CallRefused(
                    credential=lease.credential,
                    refusal=result.kind,
                    message=result.message,
                    retry_after=result.retry_after,
                )
            )
        return result
