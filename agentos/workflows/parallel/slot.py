"""One item on its way: it waits for a credential if it has to, runs, and has its result."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from agentos.core.clock import Clock
from agentos.core.outcomes import Outcome
from agentos.core.shortage import no_room
from agentos.workflows.parallel.progress import WorkflowResult


class CredentialSource(Protocol):
    """What the library's form asks of a `credential_coordinator`."""

    def acquire(self, timeout: float | None = None) -> Any | None:
        """Wait for a credential; None is final."""

    def release(self, credential: Any) -> None:
        """Give it back."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A slot has its result."""

    slot: "Slot"
    result: WorkflowResult


class _Phase(Enum):
    WAITING = auto()  # for a credential: holds a place, but does not run
    RUNNING = auto()
    WITHDRAWN = auto()  # told to stop while it waited; what it still gets it gives back


class Slot:
    """One item on its way: a daemon thread, since a hung worker must not hold up the exit."""

    def __init__(
        self,
        item_id: str,
        work: Callable[[Any], Outcome | None],
        *,
        credentials: CredentialSource | None,
        report: Callable[[Ended], None],
        clock: Clock,
    ) -> None:
        self.id = item_id
        self._work = work
        self._credentials = credentials
        self._report = report
        self._clock = clock
        self._phase = _Phase.WAITING
        self._lock = threading.Lock()

    def start(self) -> str:
        """Begin; gives why it does not where there is no room, and then may be called again."""
        try:
            threading.Thread(target=self._main, name=f"slot-{self.id}", daemon=True).start()
        except (RuntimeError, MemoryError) as error:
            if reason := no_room(error):
                return reason
            raise
        return ""

    def give_up(self, reason: str) -> None:
        """The item has failed without a start."""
        self._report(Ended(self, WorkflowResult(self.id, Outcome.FAILED, reason)))

    def withdraw(self) -> bool:
        """Take the slot out if it still waits; True when it will not run."""
        with self._lock:
            if self._phase is _Phase.WAITING:
                self._phase = _Phase.WITHDRAWN
            return self._phase is _Phase.WITHDRAWN

    def _run_unless_withdrawn(self) -> bool:
        with self._lock:
            if self._phase is _Phase.WAITING:
                self._phase = _Phase.RUNNING
            return self._phase is _Phase.RUNNING

    def _main(self) -> None:
        started = self._clock()
        try:
            outcome, error = self._execute(), None
        except BaseException as exc:  # noqa: BLE001 - whatever a worker raises, SystemExit too
            outcome, error = Outcome.FAILED, no_room(exc) or str(exc) or type(exc).__name__
        duration = self._clock() - started
        self._report(Ended(self, WorkflowResult(self.id, outcome, error, duration)))

    def _execute(self) -> Outcome:
        if self._credentials is None:
            return self._guarded(None)
        credential = self._credentials.acquire()
        if credential is None:
            raise RuntimeError("Failed to acquire credential")
        try:
            return self._guarded(credential)
        finally:
            self._credentials.release(credential)

    def _guarded(self, credential: Any) -> Outcome:
        if not self._run_unless_withdrawn():
            return Outcome.INTERRUPTED
        return self._work(credential) or Outcome.APPROVED
