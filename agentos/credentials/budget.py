"""What a batch may cost: each call's worst case is set aside before it, its real cost after it.

A pure state machine: no lock and no file; the ledger that outlives the process is handed in.
"""

from contextlib import suppress
from enum import Enum, auto
from typing import Protocol

from agentos.core.calls import Usage, Wish
from agentos.core.prices import Cost, PriceTable, dollars
from agentos.credentials.answers import Refused


class Ledger(Protocol):
    """Where costs are kept beyond the process; its methods raise OSError."""

    def reserve(self, call: str, model: str, most: Cost) -> None:
        """Write the worst case of a call down before it is made."""

    def sync(self) -> None:
        """Return when all that was reserved is on disk; from any thread, and it may take long."""

    def settle(self, call: str, cost: Cost) -> None:
        """Put the real cost in its place; if that is lost, the worst case stands."""


class Room(Enum):
    """Whether the budget has room for a call."""

    NOW = auto()
    LATER = auto()  # once calls in flight have cost less than was set aside for them
    NEVER = auto()


class Budget:
    """The limits of one batch, None where there is none, and what it has spent so far."""

    def __init__(
        self,
        prices: PriceTable = PriceTable(),  # noqa: B008 - frozen
        *,
        nanodollars: int | None = None,
        tokens: int | None = None,
        spent: Cost = Cost(),  # noqa: B008 - frozen
        ledger: Ledger | None = None,
    ) -> None:
        self._prices = prices
        self._nanodollars = nanodollars
        self._tokens = tokens
        self._spent = spent
        self._ledger = ledger
        self._unrecorded: Refused | None = None
        self._reserved: dict[str, tuple[Wish, Cost]] = {}

    @property
    def spent(self) -> Cost:
        """What has been settled, that of earlier runs of the batch included."""
        return self._spent

    def room_for(self, wish: Wish) -> Room:
        """Whether the call may be made, with the worst case of all that are in flight."""
        most = self._most(wish)
        if not most.tokens:
            return Room.NOW
        if self._unrecorded or not self._holds(self._spent + most):
            return Room.NEVER
        flying = sum((cost for _, cost in self._reserved.values()), Cost())
        return Room.NOW if self._holds(self._spent + flying + most) else Room.LATER

    def reserve(self, call: str, wish: Wish) -> bool:
        """Set the call's worst case aside; False, and no room from now on, if that is impossible.

        For a call that cannot cost anything nothing is written.
        """
        most = self._most(wish)
        try:
            if self._ledger is not None and most.tokens:
                self._ledger.reserve(call, wish.model, most)
        except OSError as error:
            self.cannot_be_recorded(error)
            return False
        self._reserved[call] = (wish, most)
        return True

    @property
    def outlives_power_cuts(self) -> bool:
        """Whether a limit is to hold over one: then a call waits for `sync`."""
        is_limited = self._nanodollars is not None or self._tokens is not None
        return self._ledger is not None and is_limited

    def sync(self) -> None:
        """Have on disk what was set aside; raises OSError.

        It changes nothing of the budget, so it needs no lock that others wait for.
        """
        if self._ledger is not None:
            self._ledger.sync()

    def cannot_be_recorded(self, error: OSError) -> Refused:
        """There is no room from now on for a call that costs something; gives why."""
        why = f"what calls cost cannot be recorded: {error.strerror or error}"
        self._unrecorded = Refused(why, unrecorded=True)
        return self._unrecorded

    def settle(self, call: str, usage: Usage | None) -> None:
        """Count what the call took, or all that was set aside where nobody tells."""
        if call not in self._reserved:
            return
        wish, cost = self._reserved.pop(call)
        if usage is not None:
            cost = Cost(usage.total_tokens, self._prices.cost(wish.model, usage))
        self._spent += cost
        if self._ledger is not None and (cost.tokens or wish.bound.total_tokens):
            with suppress(OSError):  # then the worst case stands, which is on the safe side
                self._ledger.settle(call, cost)

    def describe(self) -> str:
        """What the batch has spent of its limits; empty where there is none."""
        told = []
        if self._nanodollars is not None:
            told.append(f"{dollars(self._spent.nanodollars or 0)} of {dollars(self._nanodollars)}")
        if self._tokens is not None:
            told.append(f"{self._spent.tokens:,} of {self._tokens:,} tokens")
        return f"this batch has spent {' and '.join(told)}" if told else ""

    def refusal(self, wish: Wish) -> Refused:
        """What to tell a call that there never will be room for."""
        return self._unrecorded or Refused(self._why_no_room(wish), over_budget=True)

    def _why_no_room(self, wish: Wish) -> str:
        most = self._most(wish)
        if self._tokens is not None and self._spent.tokens + most.tokens > self._tokens:
            return (
                f"{self._spent.tokens:,} of {self._tokens:,} tokens are spent, "
                f"and the next call may take {most.tokens:,}"
            )
        return (
            f"{dollars(self._spent.nanodollars or 0)} of {dollars(self._nanodollars or 0)} are "
            f"spent, and the next call may cost {dollars(most.nanodollars or 0)}"
        )

    def _most(self, wish: Wish) -> Cost:
        return Cost(wish.bound.total_tokens, self._prices.most(wish.model, wish.bound))

    def _holds(self, cost: Cost) -> bool:
        if self._tokens is not None and cost.tokens > self._tokens:
            return False
        return self._nanodollars is None or (cost.nanodollars or 0) <= self._nanodollars
