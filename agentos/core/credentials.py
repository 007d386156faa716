"""A credential as a value; who may use it when is the business of the `credentials` room."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credential:
    """One API key, or none (`secret` is None for a built-in one).

    `name` may be printed, `secret` never. `provider` limits what it serves; None serves every
    model. `max_concurrent` is its number of slots: calls that may be in flight at once.
    """

    name: str
    secret: str | None = field(repr=False)
    provider: str | None = None
    max_concurrent: int | None = None
