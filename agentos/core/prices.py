"""What tokens cost: prices from the config, amounts in whole nanodollars (10**-9 USD).

Providers state prices in USD per million tokens: at 3 USD, one token costs 3,000 nanodollars.
Whole numbers add up without an error; a fraction is rounded up.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agentos.core.calls import Usage

NANO = 10**9


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens and nanodollars; a model without a price costs None of the latter.

    A sum counts None as nothing.
    """

    tokens: int = 0
    nanodollars: int | None = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.tokens + other.tokens, (self.nanodollars or 0) + (other.nanodollars or 0))


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens; what a cache gives or takes costs as input unless said."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by the full names of models, as of a date (ISO 8601, empty if nobody said)."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    date: str = ""

    def knows(self, model: str) -> bool:
        """Whether there is a price for the model."""
        return model in self.prices

    def knows_cache_writes(self, model: str) -> bool:
        """Whether it is said what writing to a cache costs."""
        return self.knows(model) and self.prices[model].cache_write is not None

    def cost(self, model: str, usage: Usage) -> int | None:
        """Nanodollars for what a call took; None where the model has no price."""
        price = self.prices.get(model)
        if price is None:
            return None if usage.total_tokens else 0
        cached = price.input if price.cached is None else price.cached
        written = price.input if price.cache_write is None else price.cache_write
        plain = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        return _nano(
            max(plain, 0) * price.input
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + usage.output_tokens * price.output
        )

    def most(self, model: str, bound: Usage) -> int | None:
        """Nanodollars that a call within `bound` can cost, whatever a cache does."""
        price = self.prices.get(model)
        if price is None:
            return None if bound.total_tokens else 0
        dearest = max(price.input, price.cached or Decimal(), price.cache_write or Decimal())
        return _nano(bound.input_tokens * dearest + bound.output_tokens * price.output)


def dollars(nanodollars: int) -> str:
    """`$0.0421`: as many digits as it takes to tell small amounts apart."""
    amount = nanodollars / NANO
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"


def _nano(per_million: Decimal) -> int:
    return math.ceil(per_million * (NANO // 10**6))
