"""What a run's calls took: added up from the stream of events, by item and in total."""

import threading
from dataclasses import dataclass, field
from typing import Self

from agentos.core.calls import Usage
from agentos.core.events import (
    CallAbandoned,
    CallEnded,
    CallStarted,
    Event,
)
from agentos.core.prices import PriceTable, dollars


@dataclass(slots=True)
class Spending:
    """Tokens and nanodollars of some calls.

    `unpriced` counts calls of models without a price, `unknown` calls of which nobody tells what
    they took; both are in neither sum.
    """

    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    nanodollars: int = 0
    unpriced: int = 0
    unknown: int = 0

    def __iadd__(self, other: "Spending") -> Self:
        self.calls += other.calls
        self.usage += other.usage
        self.nanodollars += other.nanodollars
        self.unpriced += other.unpriced
        self.unknown += other.unknown
        return self

    def describe(self) -> str:
        """Such as `12,345 in (3,000 cached), 2,000 out, $0.0421`; empty where nothing was used."""
        if not (self.usage.total_tokens or self.unknown):
            return ""
        cached = f" ({self.usage.cached_tokens:,} cached)" if self.usage.cached_tokens else ""
        if not self.usage.total_tokens:
            return _of_unknown_cost(self.unknown)
        parts = [f"{self.usage.input_tokens:,} in{cached}", f"{self.usage.output_tokens:,} out"]
        if self.nanodollars or not self.unpriced:
            parts.append(dollars(self.nanodollars))
        if self.unpriced:
            parts.append("price unknown" if not self.nanodollars else "in part without a price")
        if self.unknown:
            parts.append(f"and {_of_unknown_cost(self.unknown)}")
        return ", ".join(parts)


class Costs:
    """A subscriber. Knows which calls are in flight, too."""

    def __init__(self, prices: PriceTable) -> None:
        self._prices = prices
        self._by_item: dict[str, Spending] = {}
        self._open: dict[tuple[str, str], CallStarted] = {}
        self._lock = threading.Lock()  # events come in turn, questions from any thread

    def __call__(self, event: Event) -> None:
        """Count one event, if it is about a call."""
        with self._lock:
            self._heed(event)

    def _heed(self, event: Event) -> None:
        match event:
            case CallStarted():
                self._open[event.item, event.call] = event
            case CallEnded():
                self._open.pop((event.item, event.call), None)
                self._count(event)
            case CallAbandoned():
                self._open.pop((event.item, event.call), None)
                self._of(event.item).calls += 1
                self._of(event.item).unknown += 1

    def item(self, label: str) -> Spending:
        """What one item's calls took."""
        return self._by_item.get(label, Spending())

    @property
    def total(self) -> Spending:
        """What all calls took."""
        total = Spending()
        for spending in self._by_item.values():
            total += spending
        return total

    def cut_off(self, label: str) -> list[CallAbandoned]:
        """The ends of calls whose child is gone before it could tell."""
        with self._lock:
            calls = [started for (item, _), started in self._open.items() if item == label]
        return [started.abandoned("its process ended") for started in calls]

    def _of(self, label: str) -> Spending:
        return self._by_item.setdefault(label, Spending())

    def _count(self, event: CallEnded) -> None:
        spending = self._of(event.item)
        spending.calls += 1
        usage = event.usage
        if usage is None:
            spending.unknown += 1
            return
        spending.usage += usage
        cost = self._prices.cost(event.model, usage)
        if cost is None:
            spending.unpriced += 1
        else:
            spending.nanodollars += cost


def _of_unknown_cost(calls: int) -> str:
    return f"{calls} {'call' if calls == 1 else 'calls'} of unknown cost"
