"""A slot's work: one child, from its start to the last piece of its item's end."""

import threading
import time
from collections.abc import Callable

from agentos.cli.batch.lending import Lending
from agentos.core.backoff import backoff
from agentos.core.child_spec import ChildSpec, ItemSpec
from agentos.core.errors import EngineError, ItemError
from agentos.core.events import AttemptFailed, Event, Reported
from agentos.core.items import Item
from agentos.core.outcomes import Outcome
from agentos.core.shortage import no_room
from agentos.engines.engine import Engine
from agentos.records.spending import SpendingLedger
from agentos.reporting.costs import Costs
from agentos.workspace.finishing import finish_item
from agentos.workspace.project import Project

FIRST_ITEM_PAUSE, LONGEST_ITEM_PAUSE = 2.0, 60.0
"""Seconds before an item is tried again; each pause is twice the one before."""


class ItemWork:
    """Works on one item at a call, on whatever thread.

    `spec_of` gives what a child is told of its item; `drain` hears, with the reason, that no
    further call is possible. An item that failed for a reason that may pass is tried up to
    `retries` times more. `documents` are those that came about and `ran_out` holds what stopped
    items (`core.events.Reported`), as far as the calls so far have ended.
    """

    def __init__(
        self,
        project: Project,
        run_id: str,
        engine: Engine,
        *,
        lending: Lending,
        ledger: SpendingLedger,
        costs: Costs,
        spec_of: Callable[[Item], ItemSpec],
        publish: Callable[[Event], None],
        drain: Callable[[str], None],
        retries: int,
    ) -> None:
        self._project = project
        self._run_id = run_id
        self._engine = engine
        self._lending = lending
        self._ledger = ledger
        self._costs = costs
        self._spec_of = spec_of
        self._publish = publish
        self._drain = drain
        self._retries = retries
        self._stopping = threading.Event()
        self.documents: dict[str, str] = {}
        self.ran_out: set[str] = set()

    def __call__(self, item: Item, _credential: object) -> Outcome:
        """Give the item's outcome; raises ItemError, with the reason, if it failed."""
        began = time.monotonic()
        report = finish_item(
            self._project,
            item,
            self._attempt(item),
            seconds=time.monotonic() - began,
            run_id=self._run_id,
            publish=self._publish,
        )
        if report.outcome is not Outcome.INTERRUPTED:
            self._ledger.end(item.label)
        if report.outcome is Outcome.FAILED:
            raise ItemError(report.error)
        if report.document:
            self.documents[item.label] = report.document
        return report.outcome

    def stop(self) -> None:
        """Begin no further attempt."""
        self._stopping.set()

    def _attempt(self, item: Item) -> Reported:
        """One child after the other, until one comes to an end that would repeat."""
        for attempt in range(1, self._retries + 1):
            report = self._run_child(item)
            if report.outcome is not Outcome.FAILED or not report.may_pass:
                return report
            if self._stopping.is_set():
                return _stopped_after(report)
            pause = backoff(attempt, FIRST_ITEM_PAUSE, LONGEST_ITEM_PAUSE)
            self._publish(
                AttemptFailed(
                    item=item.label,
                    attempt=attempt,
                    attempts=self._retries + 1,
                    error=report.error,
                    pause=pause,
                )
            )
            if self._stopping.wait(pause):
                return _stopped_after(report)
        return self._run_child(item)

    def _run_child(self, item: Item) -> Reported:
        try:
            access = self._lending.access(item.label)
            end = self._engine.run(ChildSpec(self._spec_of(item), access))
        except EngineError as error:
            return Reported(outcome=Outcome.FAILED, error=str(error), may_pass=error.may_pass)
        except Exception as error:  # noqa: BLE001 - the item's failure, and it is recorded as such
            told = no_room(error)
            return Reported(
                outcome=Outcome.FAILED,
                error=told or str(error) or type(error).__name__,
                may_pass=bool(told),
            )
        finally:
            self._lending.revoke(item.label)
            for cut_off in self._costs.cut_off(item.label):
                self._publish(cut_off)
        report = end.verdict()
        if report.stopped_by:
            # What runs beside it ends its calls, which are paid for, and meets the same wall.
            self.ran_out.add(report.stopped_by)
            self._drain(report.error)
        return report


def _stopped_after(failed: Reported) -> Reported:
    return Reported(
        outcome=Outcome.INTERRUPTED, error=f"stopped before the next attempt: {failed.error}"
    )
