"""The keys that there are, what their providers allow, and who knows of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from agentos.core.calls import NO_HINT, LimitHint
from agentos.core.credentials import Credential, RateLimits
from agentos.testing.quota import Quota, QuotaLimits
from agentos.testing.retry_hints import RetryHint
from benchmarks.keys.work import MEAN_INPUT_TOKENS, MEAN_OUTPUT_TOKENS, ROUND_TRIP

PROVIDER = "anthropic"
MODEL = "anthropic/some-model"

DEMAND = 2.0
"""How many times what is allowed the children could call, if nothing kept them."""

_CONCURRENT_LATENCY = 8.0  # seconds, where nothing but the number of calls at once is limited


class Known(StrEnum):
    """How a client may know of the limits."""

    ADVERTISED = "advertised"  # by the headers of each answer
    DECLARED = "declared"  # by the user's config
    HINTED = "hidden, hints"  # a refusal says for how long, in whole seconds
    HIDDEN = "hidden, no hints"

    @property
    def retry_hint(self) -> RetryHint:
        """What refusals say of a wait."""
        return RetryHint.NONE if self is Known.HIDDEN else RetryHint.SECONDS

    def hint(self, quota: Quota, wait: float | None, now: float) -> LimitHint:
        """What a response says of limits, and a refusal of the seconds that there are to wait."""
        said = self.retry_hint.said(wait)
        stated = quota.stated(now) if self is Known.ADVERTISED else ()
        return LimitHint(said, stated) if stated or said is not None else NO_HINT


@dataclass(frozen=True, slots=True)
class Goal:
    """Shares of 1: what is to be served of what is allowed, and the most that may be wasted."""

    utilisation: float
    waste: float


@dataclass(frozen=True, slots=True)
class Domain:
    """A quota and how many keys share it."""

    limits: QuotaLimits
    keys: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """Children without think time, and the domains that they share."""

    known: Known
    title: str
    domains: tuple[Domain, ...]
    children: int = 10

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return f"{self.known}: {self.title}"

    @property
    def goal(self) -> Goal:
        """What is asked of the pool."""
        if self.known in {Known.ADVERTISED, Known.DECLARED}:
            return Goal(0.97, 0.01)
        return Goal(0.92, 0.04)

    @property
    def mean_latency(self) -> float:
        """Seconds of a call at the provider, such that the demand is what it is to be."""
        rates = [_calls_a_second(domain.limits) for domain in self.domains]
        allowed = sum(rate for rate in rates if rate is not None)
        return self.children / (DEMAND * allowed) - ROUND_TRIP if allowed else _CONCURRENT_LATENCY

    def credentials(self) -> Iterator[tuple[Credential, int]]:
        """Each key with the position of its domain."""
        for position, domain in enumerate(self.domains):
            declared = self.known is Known.DECLARED
            shared = f"account-{position + 1}" if domain.keys > 1 else ""
            for number in range(domain.keys):
                name = f"key-{position + 1}" + (f"-{number + 1}" if shared else "")
                credential = Credential(
                    name,
                    f"secret of {name}",
                    PROVIDER,
                    max_concurrent=domain.limits.concurrent if declared else None,
                    quota=shared,
                    limits=declared_limits(domain.limits) if declared else RateLimits(),
                )
                yield credential, position


def scenarios() -> Iterator[Scenario]:
    """All of them."""
    requests = QuotaLimits(requests=60)
    mixed = (
        Domain(QuotaLimits(requests=60, input_tokens=60_000)),
        Domain(QuotaLimits(requests=30, output_tokens=20_000)),
        Domain(QuotaLimits(requests=50, concurrent=4)),
    )
    shapes: tuple[tuple[str, tuple[Domain, ...]], ...] = (
        ("1 key, requests", (Domain(requests),)),
        ("3 keys, requests", (Domain(requests),) * 3),
        ("8 keys, requests", (Domain(requests),) * 8),
        ("3 keys, 1 quota", (Domain(requests, keys=3),)),
        ("1 key, no burst", (Domain(QuotaLimits(requests=60, burst=1)),)),
        ("1 key, input tokens", (Domain(QuotaLimits(requests=60, input_tokens=60_000)),)),
        ("1 key, output tokens", (Domain(QuotaLimits(output_tokens=20_000)),)),
        ("1 key, all tokens", (Domain(QuotaLimits(tokens=80_000)),)),
        ("3 keys, mixed", mixed),
    )
    at_once = (
        ("1 key, 4 at once", (Domain(QuotaLimits(concurrent=4)),)),
        ("3 keys, 1 and 2 at once", tuple(Domain(QuotaLimits(concurrent=n)) for n in (2, 2, 1))),
    )
    for known in Known:
        for title, domains in shapes:
            yield Scenario(known, title, domains)
        if known is not Known.ADVERTISED:  # no vendor's headers tell of calls at once
            for title, domains in at_once:
                yield Scenario(known, title, domains)


def _calls_a_second(limits: QuotaLimits) -> float | None:
    """What the limits by the minute allow of calls of mean size; None where there are none."""
    shares = (
        (limits.requests, 1.0),
        (limits.tokens, MEAN_INPUT_TOKENS + MEAN_OUTPUT_TOKENS),
        (limits.input_tokens, MEAN_INPUT_TOKENS),
        (limits.output_tokens, MEAN_OUTPUT_TOKENS),
    )
    rates = [limit / 60 / each for limit, each in shares if limit is not None]
    return min(rates, default=None)


def declared_limits(limits: QuotaLimits) -> RateLimits:
    """What a user's config says of them."""
    amounts = (limits.requests, limits.tokens, limits.input_tokens, limits.output_tokens)
    return RateLimits(*(None if amount is None else round(amount) for amount in amounts))
