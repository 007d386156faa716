"""The keys of a person with two providers, and what each account allows."""

from collections.abc import Iterator
from dataclasses import dataclass

from agentos.core.credentials import Credential, RateLimits
from agentos.testing.quota import QuotaLimits
from benchmarks.keys.scenarios import Known, declared_limits

ANTHROPIC, OPENAI = "anthropic", "openai"

LARGE, SMALL, REVIEWER = "anthropic/large", "anthropic/small", "openai/reviewer"

MODELS = {ANTHROPIC: (LARGE, SMALL), OPENAI: (REVIEWER,)}


@dataclass(frozen=True, slots=True)
class Account:
    """One quota: each of the provider's models has the same limits there, and its own count."""

    name: str
    provider: str
    known: Known
    limits: QuotaLimits
    keys: int = 1

    def credentials(self) -> Iterator[Credential]:
        """Its keys; a secret is how a provider tells who calls."""
        is_declared = self.known is Known.DECLARED
        for number in range(1, self.keys + 1):
            name = f"{self.name}-{number}"
            yield Credential(
                name,
                f"secret of {name}",
                self.provider,
                max_concurrent=self.limits.concurrent if is_declared else None,
                quota=self.name,
                limits=declared_limits(self.limits) if is_declared else RateLimits(),
            )


ACCOUNTS = (
    Account("labs", ANTHROPIC, Known.ADVERTISED, QuotaLimits(requests=24), keys=2),
    Account("desk", ANTHROPIC, Known.DECLARED, QuotaLimits(requests=20, concurrent=4)),
    Account("home", ANTHROPIC, Known.HINTED, QuotaLimits(requests=18)),
    Account("team", OPENAI, Known.ADVERTISED, QuotaLimits(requests=30, tokens=75_000), keys=2),
    Account("shop", OPENAI, Known.DECLARED, QuotaLimits(tokens=50_000)),
    Account("free", OPENAI, Known.HIDDEN, QuotaLimits(requests=20, concurrent=3)),
)
"""8 keys, 6 quotas. While only one account of a provider works, it is what everybody waits for."""
