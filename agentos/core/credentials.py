"""A credential as a value; who may use it when is the business of the `credentials` room."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a provider allows in a minute for each of its models, as the user knows it.

    Requests, tokens of input and output together, tokens of input, tokens of output. None where
    nothing is said.
    """

    rpm: int | None = None
    tpm: int | None = None
    input_tpm: int | None = None
    output_tpm: int | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """One API key, or none (`secret` is None for a built-in one).

    `name` may be printed, `secret` never. `provider` limits what it serves; None serves every
    model. `max_concurrent` is its number of slots: calls that may be in flight at once. What is
    limited is the `quota`, an account that credentials may share; empty, it is this one's alone.
    """

    name: str
    secret: str | None = field(repr=False)
    provider: str | None = None
    max_concurrent: int | None = None
    quota: str = ""
    limits: RateLimits = RateLimits()

    @property
    def domain_name(self) -> str:
        """The name of its quota."""
        return self.quota or self.name


@dataclass(frozen=True, slots=True)
class Rest:
    """A time for which a quota does not serve a model, as it is remembered between runs.

    `until` is aware, in UTC. `reason` is empty for a cooldown. For a quota of a day that is used up
    it is text from outside, without the secret.
    """

    provider: str
    quota: str
    model: str
    until: datetime
    reason: str = ""
