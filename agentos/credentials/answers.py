"""What the pool answers: who waits for what, who is refused, and what a call has changed."""

from dataclasses import dataclass
from enum import Enum, auto

from agentos.core.errors import (
    AgentosError,
    BudgetExhausted,
    CredentialsExhausted,
    SpendingUnrecorded,
)


class Why(Enum):
    """What a call waits for."""

    SLOT = auto()  # all of them are lent out
    RATE = auto()  # as many calls go out as the provider allows
    COOLDOWN = auto()  # every domain that could serve it rests
    BUDGET = auto()  # what is left is set aside for calls in flight


@dataclass(frozen=True, slots=True)
class Waiting:
    """No credential yet.

    `until` is the time at which there may be one, None where only a settled lease can help. For a
    cooldown it is when the first domain is back. `model` is empty where there are credentials for
    nothing else, so that all wait for the same.
    """

    why: Why
    until: float | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """No credential will ever serve this, or the budget has no room for it.

    Or it is `unrecorded`: what it may cost cannot be written down, so it must not be made.
    `reason` is a sentence without its full stop.
    """

    reason: str
    over_budget: bool = False
    unrecorded: bool = False

    @property
    def error(self) -> type[AgentosError]:
        """What it is to whoever wanted to call."""
        if self.unrecorded:
            return SpendingUnrecorded
        return BudgetExhausted if self.over_budget else CredentialsExhausted


class Cause(Enum):
    """What a domain rests for."""

    REFUSED = auto()  # a call met a limit
    USED_UP = auto()  # nothing is left of a limit, as a response says
    OVERLOADED = auto()  # the provider has too much to do, for whomever


@dataclass(frozen=True, slots=True)
class CoolingDown:
    """The domain of a credential rests for `seconds` from now."""

    credential: str
    seconds: float
    cause: Cause = Cause.REFUSED


@dataclass(frozen=True, slots=True)
class TakesFewer:
    """One call too many was out at once: the domain of a credential takes `most`, and rests not."""

    credential: str
    most: int


@dataclass(frozen=True, slots=True)
class Lapsed:
    """An owner was silent for so long that others get the slot of what it held."""

    owner: str
    credential: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A credential or its account is refused for good, or one of its domains for `seconds`.

    `reason` is text from outside, without the secret.
    """

    credential: str
    reason: str
    seconds: float | None = None


Effect = CoolingDown | TakesFewer | Closed
"""What the end of a call changes for others."""


@dataclass(frozen=True, slots=True)
class Resting:
    """A quota domain that serves nobody for `seconds`, which may be longer than the run.

    `reason` is empty for a cooldown, and for a quota of the day that is used up it is text from
    outside, without the secret.
    """

    provider: str
    quota: str
    model: str
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlotCount:
    """How many calls of a quota may be in flight: at the most, and as things stand."""

    quota: str
    slots: int
    open: int
