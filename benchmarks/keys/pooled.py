"""The pool of agentos, asked as `CredentialCoordinator` and `LeasingModel` ask it."""

import random
from collections.abc import Iterable, Iterator

from agentos.core.calls import Answer, Lease, Refusal, Usage, Wish
from agentos.core.credentials import Credential
from agentos.core.model_settings import DEFAULT_OUTPUT_TOKENS
from agentos.credentials.answers import Refused, Waiting
from agentos.credentials.pool import CredentialPool
from benchmarks.keys.scenarios import MODEL, PROVIDER
from benchmarks.keys.work import Call


class Pooled:
    """Each child's thread waits with a ticket; all look again when something has changed."""

    def __init__(
        self, credentials: Iterable[Credential], children: int, chance: random.Random
    ) -> None:
        self._pool = CredentialPool(credentials, default_slots=children, jitter=chance.random)
        self._tickets: dict[int, str] = {}
        self._leases: dict[int, str] = {}
        self._wake_up: float | None = None

    def ask(self, child: int, call: Call, now: float) -> None:  # noqa: ARG002 - as the others
        """The wish is that of an adapter: bytes for tokens, and the most that it would put out."""
        wish = Wish(PROVIDER, MODEL, Usage(call.prompt_bytes, DEFAULT_OUTPUT_TOKENS))
        self._tickets[child] = self._pool.request(str(child), wish)

    def due(self, now: float) -> Iterator[tuple[int, str]]:
        """Raises RuntimeError where the pool will never serve a child."""
        times = []
        for child, ticket in list(self._tickets.items()):
            match self._pool.poll(str(child), ticket, now):
                case Lease() as lease:
                    del self._tickets[child]
                    self._leases[child] = lease.id
                    yield child, lease.credential
                case Waiting(until=until):
                    times += [] if until is None else [until]
                case Refused(reason=reason):
                    raise RuntimeError(f"The pool refused child {child}: {reason}")
        self._wake_up = min(times, default=None)

    def wake_up(self, now: float) -> float | None:  # noqa: ARG002 - as the others
        """The earliest of what the children were told."""
        return self._wake_up

    def heard(self, child: int, result: Answer | Refusal, now: float) -> None:
        """The pool learns all that an adapter would tell."""
        self._pool.settle(str(child), self._leases.pop(child), result, now)
