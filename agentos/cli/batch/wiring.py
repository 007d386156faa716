"""Puts the parts of a batch together: coordinator, engine, leases, record, console."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentos.cli.batch.console import Console, stdout_fd
from agentos.cli.batch.item_work import ItemWork
from agentos.cli.batch.lending import Lending
from agentos.cli.batch.view import BatchView
from agentos.cli.signals import pause_signal, stand_still, stop_signals
from agentos.core.config.environment import child_environment
from agentos.core.event_stream import EventStream
from agentos.core.events import (
    ChildStarted,
    Event,
    ItemFinished,
    Notice,
    RunFinished,
    RunStarted,
)
from agentos.core.items import Item
from agentos.core.masking import Masker
from agentos.core.outcomes import Outcome
from agentos.engines.awake_clock import AwakeClock
from agentos.engines.engine import Engine
from agentos.engines.escalation import Limits
from agentos.engines.local import LocalEngine
from agentos.engines.relay import OutputRelay
from agentos.records.run_folder import RunFolder
from agentos.records.spending import SpendingLedger
from agentos.reporting.costs import Costs
from agentos.reporting.summary import RUNS_OUT, exit_code
from agentos.workflows.parallel import ParallelCoordinator, WorkflowResult
from agentos.workflows.parallel.halt import HaltRule
from agentos.workspace.configuration import Configuration
from agentos.workspace.survey import Survey

CLOSE_TIMEOUT_AFTER_STOP = 0.5
"""Seconds that the console's reader has to take the last lines once an end was wished for."""

CLOSE_TIMEOUT = 3600.0
"""The same for a run that ended by itself: a pager may be read at leisure."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How a batch is run; times in seconds."""

    parallel: int | None
    grace: float
    timeout: float
    idle_timeout: float = math.inf
    retries: int = 0
    halt: HaltRule | None = None
    take_all: bool = False
    again: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """What became of every item that was due, by label, and what the command returns.

    `budget` says what is spent of one, empty without; `ran_out` is what stopped items
    (`core.events.Reported`); `first_back` is the time of day at which a used-up quota is tried
    again, empty without one.
    """

    results: Mapping[str, WorkflowResult]
    documents: Mapping[str, str]
    costs: Costs
    budget: str
    ran_out: frozenset[str]
    exit_code: int
    first_back: str = ""

    def outcome_of(self, label: str) -> Outcome:
        """The item's outcome; one that was not due was skipped."""
        return self.results[label].outcome if label in self.results else Outcome.SKIPPED


class Batch:
    """One run over the items that are due."""

    def __init__(
        self,
        survey: Survey,
        settings: BatchSettings,
        configuration: Configuration,
        environ: Mapping[str, str],
        *,
        sockets: Path,
        ledger: SpendingLedger,
        create_record: Callable[[Callable[[OSError], None]], RunFolder],
    ) -> None:
        again = settings.again
        self._due = [one for one in survey.standings if one.is_due(again=again)]
        self._skipped = [one for one in survey.standings if not one.is_due(again=again)]
        ledger.begin((one.item.label for one in self._due), take_all=settings.take_all)
        self._settings = settings
        self._masker = Masker(configuration.configured.secrets)
        self._output_failed = False  # that of the console, or of the record
        self._executed = False
        self._console = Console(stdout_fd(), self._on_console_error)
        view = BatchView(self._console.say, quiet=settings.quiet, verbose=settings.verbose)
        self._costs = Costs(configuration.prices)
        self._stream = EventStream(view, self._costs)
        self._coordinator = ParallelCoordinator(
            settings.parallel,
            notify=self._notify,
            alert=self._alert,
            admit=self._admit,
            why_held_back=self._why_held_back,
            on_stop=self._stop_children,
            on_pause=self._pause,
            halt=settings.halt,
        )
        self._console.start()
        self._lending = Lending(
            configuration,
            environ,
            sockets=sockets,
            ledger=ledger,
            slots=self._coordinator.max_workers,
            notify=self._notify,
            on_slots=self._coordinator.reconsider,
        )
        try:
            self._engine: Engine = LocalEngine(
                environment=child_environment(environ, configuration.configured),
                relay=self._relay,
                publish=self._stream.publish,
                mask=self._masker.mask,
                limits=Limits(settings.grace, settings.timeout, settings.idle_timeout),
                clock=AwakeClock(),
            )
            # Last, for whatever fails before leaves no record to be closed.
            self._record = create_record(self._on_record_error)
        except BaseException:
            self._lending.stop()
            raise
        for subscriber in (self._record.record, self._record.audit, self._note_child):
            self._stream.subscribe(subscriber)
        self._work = ItemWork(
            survey.project,
            self._record.path.name,
            self._engine,
            lending=self._lending,
            ledger=ledger,
            costs=self._costs,
            spec_of=lambda item: configuration.spec(
                survey.project, item, grace=settings.grace, again=again
            ),
            publish=self._stream.publish,
            drain=self._coordinator.drain,
            retries=settings.retries,
        )

    def run(self) -> BatchEnd:
        """Work on the items that are due and record all; main thread only, and only once."""
        coordinator = self._coordinator
        with (
            stop_signals(coordinator._handle_shutdown_signal),  # noqa: SLF001 - its contract
            pause_signal(coordinator._handle_pause_signal),  # noqa: SLF001 - as the other
        ):
            try:
                self._lending.start()
                results = self._execute()
            finally:
                self._lending.stop()
            self._stream.publish(RunFinished(exit_code=self._exit_code(results)))
            self._record.close(self._exit_code(results))  # anew, for that event may not be recorded
        return BatchEnd(
            results,
            self._work.documents,
            self._costs,
            self._lending.describe_budget(),
            frozenset(self._work.ran_out),
            # Anew: a Ctrl-C counts up to the last moment in which we take it, as it does after.
            self._exit_code(results),
            self._lending.first_back(),
        )

    def say(self, text: str) -> None:
        """A line of the command's own on the console."""
        self._console.say(text)

    def close(self) -> bool:
        """Give the console's reader time for the last lines; False if output or record lack any."""
        stopped = self._coordinator.shutdown_signal is not None
        in_time = self._console.close(CLOSE_TIMEOUT_AFTER_STOP if stopped else CLOSE_TIMEOUT)
        return in_time and not self._output_failed

    def _execute(self) -> dict[str, WorkflowResult]:
        items = [standing.item for standing in self._due]
        self._stream.publish(
            RunStarted(
                run_id=self._record.path.name,
                items=tuple(item.label for item in items),
                parallel=self._coordinator.max_workers,
            )
        )
        for standing in self._skipped:
            self._finish_unstarted(standing.item, Outcome.SKIPPED)
        _, results = self._coordinator.execute_parallel(
            items, self._work, lambda item: item.label, dry_run=False
        )
        self._executed = True
        for item, result in zip(items, results, strict=True):
            if not result.duration:
                self._finish_unstarted(item, result.outcome, result.error or "")
        return {result.item_id: result for result in results}

    def _finish_unstarted(self, item: Item, outcome: Outcome, error: str = "") -> None:
        self._stream.publish(
            ItemFinished(item=item.label, outcome=outcome, seconds=0.0, error=error)
        )

    def _admit(self, running: int) -> bool:
        return self._engine.has_room(running) and self._lending.admit(running)

    def _why_held_back(self) -> str:
        return self._engine.why_no_room() or self._lending.why_held_back()

    def _stop_children(self) -> None:
        self._work.stop()
        self._engine.stop()

    def _pause(self) -> None:
        """Children have sessions of their own, where no Ctrl-Z reaches them."""
        with self._engine.paused():
            stand_still()

    def _relay(self, label: str, fd: int) -> OutputRelay:
        log = self._record.open_log(label)
        return OutputRelay(
            fd,
            f"[{label}]",
            log=log,
            masker=self._masker,
            stream=_Quiet() if self._settings.quiet else self._console,
            on_error=self._on_record_error,
        )

    def _exit_code(self, results: Mapping[str, WorkflowResult]) -> int:
        outcomes = [result.outcome for result in results.values()]
        return exit_code(
            [*outcomes, *(Outcome(standing.state) for standing in self._skipped)],
            signal=self._coordinator.shutdown_signal,
            exhausted=not RUNS_OUT.isdisjoint(self._work.ran_out),
            output_failed=self._output_failed,
        )

    def _notify(self, text: str) -> None:
        self._stream.publish(Notice(text=self._masker.mask(text)))

    def _alert(self, text: str) -> None:
        self._stream.publish(Notice(text=self._masker.mask(text), urgent=True))

    def _note_child(self, event: Event) -> None:
        if isinstance(event, ChildStarted):
            self._record.add_child(event.item, event.pid)

    def _on_console_error(self, _error: Exception) -> None:
        self._output_failed = True
        self._coordinator.stop("the console takes no more output")

    def _on_record_error(self, error: OSError) -> None:
        self._output_failed = True
        why = f"the record cannot be written: {error.strerror}"
        if self._executed:  # nothing runs that could be stopped
            self.say(f"[COORDINATOR] {why}")
        else:
            self._coordinator.stop(why)


class _Quiet:
    """A console for `-q`: a child's lines go to its log only."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        """Nothing is held."""
