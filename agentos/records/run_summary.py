"""What the events of one run add up to: the content of summary.json."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agentos.core.calls import Usage
from agentos.core.events import (
    AttemptFailed,
    CallAbandoned,
    CallEnded,
    Event,
    ItemFinished,
    RunFinished,
    RunStarted,
)
from agentos.core.outcomes import Outcome
from agentos.core.prices import NANO, PriceTable


@dataclass(slots=True)
class _ItemRecord:
    """Of an item that has not finished, all that is known is that it was begun."""

    outcome: Outcome = Outcome.INTERRUPTED
    error: str = ""
    seconds: float = 0.0
    document: str = ""
    finished: str | None = None
    failed_attempts: list[str] = field(default_factory=list)  # why, but for the last
    usage: Usage = field(default_factory=Usage)
    nanodollars: int | None = 0  # None once a call had no price
    unknown_calls: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "outcome": self.outcome,
            "error": self.error,
            "seconds": self.seconds,
            "document": self.document,
            "finished": self.finished,
            "failed_attempts": self.failed_attempts,
            **_used([self]),
        }


class RunSummary:
    """Grows by one event at a time; tokens and cost are those of the calls made in this run."""

    def __init__(self, run_id: str, started: str, prices: PriceTable = PriceTable()) -> None:  # noqa: B008 - frozen
        self._prices = prices
        self._run_id = run_id
        self._started = started
        self._items: dict[str, _ItemRecord] = {}
        self._exit_code: int | None = None

    def add(self, event: Event, time: str) -> None:
        """Count an event that was recorded at `time` (a timestamp)."""
        match event:
            case RunStarted(items=labels):
                for label in labels:
                    self._item(label)
            case CallEnded(item=label):
                self._count(self._item(label), event)
            case CallAbandoned(item=label):
                self._item(label).unknown_calls += 1
            case AttemptFailed(item=label, error=error):
                self._item(label).failed_attempts.append(error)
            case ItemFinished(item=label):
                item = self._item(label)
                item.outcome, item.error = event.outcome, event.error
                item.seconds, item.document = event.seconds, event.document
                item.finished = time
            case RunFinished():
                self._exit_code = event.exit_code
            case _:
                pass

    def as_json(
        self, finished: str, *, exit_code: int | None = None, closed_by: str = ""
    ) -> dict[str, object]:
        """The record; without an exit code the run's own last event tells it, or nothing does.

        `closed_by` is the id of the run that closed this one in its place.
        """
        code = self._exit_code if exit_code is None else exit_code
        return {
            "run_id": self._run_id,
            "started": self._started,
            "finished": finished,
            "exit_code": code,
            **({"closed_by": closed_by} if closed_by else {}),
            "items": {label: item.as_json() for label, item in self._items.items()},
            "totals": _totals(self._items.values()),
        }

    def _count(self, item: _ItemRecord, event: CallEnded) -> None:
        usage = event.usage
        if usage is None:
            item.unknown_calls += 1
            return
        item.usage += usage
        cost = self._prices.cost(event.model, usage)
        if cost is None or item.nanodollars is None:
            item.nanodollars = None
        else:
            item.nanodollars += cost

    def _item(self, label: str) -> _ItemRecord:
        return self._items.setdefault(label, _ItemRecord())


def _totals(items: Iterable[_ItemRecord]) -> dict[str, object]:
    records = list(items)
    counts = Counter(record.outcome for record in records)
    return {
        "items": len(records),
        **{str(outcome): counts[outcome] for outcome in Outcome},
        **_used(records),
    }


def _used(records: Sequence[_ItemRecord]) -> dict[str, object]:
    """What calls took; the cost is None where a model has no price."""
    usage = sum((record.usage for record in records), Usage())
    costs = [record.nanodollars for record in records]
    known = [cost for cost in costs if cost is not None]
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": sum(known) / NANO if len(known) == len(costs) else None,
        "calls_of_unknown_cost": sum(record.unknown_calls for record in records),
    }
