"""What a provider limits, and how much of it is left."""

import math
from dataclasses import dataclass

from agentos.core.credentials import Credential


@dataclass(slots=True)
class Domain:
    """Slots, cooldown and closure. So far every credential is a domain of its own."""

    credential: Credential
    slots: int
    in_use: int = 0
    granted: int = 0
    last_granted: int = 0
    cooldown_until: float = -math.inf
    closed: str | None = None

    @property
    def name(self) -> str:
        """What may be printed."""
        return self.credential.name

    def serves(self, provider: str | None) -> bool:
        """Whether calls of the provider (None: of any) may use it."""
        return provider is None or self.credential.provider in (None, provider)

    def cools(self, now: float) -> bool:
        """Whether it rests."""
        return self.closed is None and now < self.cooldown_until

    def has_room(self, now: float) -> bool:
        """Whether one more call may be made."""
        return self.closed is None and not self.cools(now) and self.in_use < self.slots
