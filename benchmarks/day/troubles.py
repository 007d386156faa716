"""What goes wrong in a day, and when: drawn beforehand, the same for every pool."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from agentos.core.calls import RefusalKind
from agentos.testing.quota import Outage

MINUTE, HOUR = 60.0, 3600.0
"""Seconds."""

LONGEST = 1.5 * HOUR
"""Seconds that any of it lasts."""

_HORIZON = 36 * HOUR  # nothing goes wrong after


@dataclass(frozen=True, slots=True)
class Trouble:
    """Comes after `every` seconds of peace, on average; lasts from `shortest` to `longest`."""

    kind: RefusalKind
    every: float
    shortest: float
    longest: float
    says_its_end: bool = False

    def outages(self, chance: random.Random) -> Iterator[Outage]:
        """Those of one day."""
        ends = 0.0
        while (begins := ends + chance.expovariate(1 / self.every)) < _HORIZON:
            ends = begins + chance.uniform(self.shortest, self.longest)
            yield Outage(self.kind, begins, ends, self.says_its_end)


OF_A_KEY = (Trouble(RefusalKind.CREDENTIAL, 4 * HOUR, 5 * MINUTE, 40 * MINUTE),)
"""A key is refused: the provider has revoked it, and its owner finds out."""

OF_AN_ACCOUNT = (Trouble(RefusalKind.ACCOUNT, 8 * HOUR, 5 * MINUTE, 40 * MINUTE),)
"""Money is spent, and then there is some again."""

OF_A_DOMAIN = (
    Trouble(RefusalKind.DAILY_QUOTA, 8 * HOUR, 20 * MINUTE, LONGEST, says_its_end=True),
    Trouble(RefusalKind.RATE_LIMITED, 12 * HOUR, HOUR, HOUR, says_its_end=True),
)
"""A quota of the day is used up; a rate limit wants an hour's rest."""

OF_A_MODEL = (Trouble(RefusalKind.OVERLOADED, 3 * HOUR, MINUTE, 6 * MINUTE),)
"""Too much to do for the provider, whoever asks."""

OF_A_PROVIDER = (Trouble(RefusalKind.TRANSIENT, 4 * HOUR, 10.0, 2 * MINUTE),)
"""No connection comes about."""


def drawn(troubles: tuple[Trouble, ...], chance: random.Random) -> list[Outage]:
    """A day of them."""
    return [outage for trouble in troubles for outage in trouble.outages(chance)]
