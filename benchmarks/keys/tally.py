"""What came of it, held against what the limits allow."""

from dataclasses import dataclass, field

from agentos.testing.quota import QuotaLimits
from benchmarks.keys.work import Call


@dataclass(slots=True)
class Served:
    """The calls that one domain served, and what they took of it in all."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    busy: float = 0.0

    def add(self, call: Call) -> None:
        """Count one more."""
        self.calls += 1
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.busy += call.latency

    def share(self, limits: QuotaLimits, seconds: float) -> float:
        """How much of its tightest limit the domain gave, as a share of 1."""
        minutes = seconds / 60
        given = (
            (self.calls, limits.requests, minutes),
            (self.input_tokens + self.output_tokens, limits.tokens, minutes),
            (self.input_tokens, limits.input_tokens, minutes),
            (self.output_tokens, limits.output_tokens, minutes),
            (self.busy, limits.concurrent, seconds),
        )
        return max(taken / (limit * time) for taken, limit, time in given if limit is not None)


@dataclass(slots=True)
class Tally:
    """What happened in `counted` simulated seconds.

    `seconds` and `deciding` are real ones: of all, and of those that the strategy took.
    """

    limits: tuple[QuotaLimits, ...]
    counted: float
    refused: int = 0
    seconds: float = 0.0
    deciding: float = 0.0
    domains: list[Served] = field(init=False)

    def __post_init__(self) -> None:
        self.domains = [Served() for _ in self.limits]

    def serve(self, domain: int, call: Call) -> None:
        """A call came to its end."""
        self.domains[domain].add(call)

    @property
    def served(self) -> int:
        """Calls that were answered."""
        return sum(one.calls for one in self.domains)

    @property
    def allowed(self) -> float:
        """The calls that the limits allow, if they are as large as those that were served.

        What chance makes of the sizes is nobody's merit. A domain is judged by its own calls; one
        that served none allows calls as large as those of the others.
        """
        anywhere = Served(
            self.served,
            sum(one.input_tokens for one in self.domains),
            sum(one.output_tokens for one in self.domains),
            sum(one.busy for one in self.domains),
        )
        allowed = 0.0
        for one, limits in zip(self.domains, self.limits, strict=True):
            sample = one if one.calls else anywhere
            allowed += sample.calls / sample.share(limits, self.counted)
        return allowed

    @property
    def utilisation(self) -> float:
        """Served calls by allowed ones."""
        return self.served / self.allowed if self.served else 0.0

    @property
    def waste(self) -> float:
        """Refused calls by all calls."""
        made = self.served + self.refused
        return self.refused / made if made else 0.0
