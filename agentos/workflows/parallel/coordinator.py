"""Runs a batch: one slot thread an item, never more than allowed, until all ended or a stop.

One thread decides, the one inside `execute_parallel`; everything that concerns it arrives as a
word on its inbox: a slot that ended, a signal, a wish to stop. The slots only work.
"""

import queue
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, TypeVar

from agentos.core.clock import Clock
from agentos.core.inbox import next_word
from agentos.core.outcomes import Outcome
from agentos.workflows.parallel.gate import Gate
from agentos.workflows.parallel.halt import HaltRule
from agentos.workflows.parallel.progress import ProgressStats, WorkflowResult
from agentos.workflows.parallel.slot import CredentialSource, Ended, Slot

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class _Stop:
    """A wish to end; `sentence` says why, empty where a signal says it."""

    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Drain:
    """Nothing new shall start; what runs goes on."""

    sentence: str


@dataclass(frozen=True, slots=True)
class _Pause:
    """A wish to stand still until somebody says go on."""


@dataclass(frozen=True, slots=True)
class _Reconsider:
    """The gate may let more items in than before."""


_Word = _Stop | _Drain | _Pause | _Reconsider | Ended


_ASKED_AGAIN = 5.0
"""Seconds after which the gate is asked again, for room may come back without a word."""

_STARTS_ALONE = 5
"""How often an item's thread is started where none runs whose end could make room for it."""


class ParallelCoordinator:
    """Executes workers over items, at most `max_workers` at once.

    Two things differ by what is handed in. With a `credential_coordinator` each item holds one
    credential for the whole of its worker: the library's form. Without, workers get None and
    lease for themselves. `admit(running)` says whether one more item may start beside `running`
    others, `why_held_back()` why not, in words without a full stop; `on_stop()` is called at every
    wish to stop, so that whoever owns the workers can pass it on; `on_pause()` at a wish to pause,
    and returns when all goes on; `halt` says how many failures are too many; `notify` takes
    sentences for people and is `print` unless given, `alert` those that also who wants quiet has
    to hear: why an item failed, and why the batch ends.
    """

    DEFAULT_PARALLELISM = 3
    MAX_PARALLELISM = 10

    def __init__(
        self,
        max_workers: int | None = None,
        credential_coordinator: CredentialSource | None = None,
        *,
        cap: int | None = None,
        notify: Callable[[str], None] | None = None,
        alert: Callable[[str], None] | None = None,
        admit: Callable[[int], bool] | None = None,
        why_held_back: Callable[[], str] | None = None,
        on_stop: Callable[[], None] | None = None,
        on_pause: Callable[[], None] | None = None,
        halt: HaltRule | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._notify = notify or (lambda text: print(text))  # noqa: T201, PLW0108 - looked up when called
        self._alert = alert or self._notify
        self._credentials = credential_coordinator
        self._gate = Gate(
            admit or (lambda _running: True), why_held_back or (lambda: ""), self._notify
        )
        self._on_stop = on_stop or (lambda: None)
        self._on_pause = on_pause or (lambda: None)
        self._halt = halt
        self._clock = clock
        self._inbox: queue.SimpleQueue[_Word] = queue.SimpleQueue()
        self._failed_starts = 0  # in a row, of the item that is due next
        self._stopping = False
        self._draining = False
        self._stopped_itself = False
        self._signals: list[int] = []
        self._checkpoints: list[str] = []
        self.max_workers = self._capped(max_workers, self.MAX_PARALLELISM if cap is None else cap)

    def _capped(self, wanted: int | None, cap: int) -> int:
        if wanted is None:
            return min(self.DEFAULT_PARALLELISM, cap)
        if wanted < 1:
            raise ValueError(f"max_workers must be at least 1, not {wanted}")
        if wanted > cap:
            self._notify(
                f"[COORDINATOR] Warning: {wanted} parallel workflows asked for, running {cap}"
            )
        return min(wanted, cap)

    def execute_parallel(
        self,
        items: Sequence[ItemT],
        worker_func: Callable[[ItemT, Any], Outcome | None],
        item_id_func: Callable[[ItemT], str],
        dry_run: bool = False,
    ) -> tuple[ProgressStats, list[WorkflowResult]]:
        """Run `worker_func(item, credential)` for each item; results come in the items' order.

        A worker returns an Outcome, or None for approved; an exception makes its item failed.
        With `dry_run` nothing runs and the result list is empty.
        """
        if dry_run:
            self._notify(f"[COORDINATOR] Dry run mode: {len(items)} items, none of them is run")
            for item in items:
                self._notify(f"  {item_id_func(item)}")
            return ProgressStats(total=len(items)), []
        slots = [
            Slot(
                item_id_func(item),
                partial(worker_func, item),
                credentials=self._credentials,
                report=self._inbox.put,
                clock=self._clock,
            )
            for item in items
        ]
        results = self._run(slots)
        self._checkpoints = [r.item_id for r in results if r.outcome is Outcome.INTERRUPTED]
        return ProgressStats.of(len(items), results), results

    def _run(self, slots: list[Slot]) -> list[WorkflowResult]:
        pending = deque(slots)
        active: list[Slot] = []
        ended: dict[Slot, WorkflowResult] = {}
        self._stopping = self._draining = self._stopped_itself = False
        self._failed_starts = 0
        while True:
            for word in self._words(self._patience(pending, active)):
                if isinstance(word, Ended):
                    if word.slot in active:
                        active.remove(word.slot)
                        ended[word.slot] = word.result
                        self._announce(word.result)
                        self._halt_if_too_many_failed(ended.values(), len(slots))
                    continue
                if isinstance(word, _Reconsider):
                    continue
                if isinstance(word, _Pause):
                    self._on_pause()
                    continue
                if isinstance(word, _Drain):
                    self._drain(word)
                else:
                    self._stop(word)
                dropped = [*pending, *(slot for slot in active if slot.withdraw())]
                pending.clear()
                active = [slot for slot in active if slot not in dropped]
                ended |= {slot: WorkflowResult(slot.id, Outcome.INTERRUPTED) for slot in dropped}
            if self._may_start(pending, active):
                self._start_next(pending, active)
            elif not active:
                return [ended[slot] for slot in slots]

    def _start_next(self, pending: deque[Slot], active: list[Slot]) -> None:
        """Start the one that is due next, or leave it due where there is no thread for it."""
        slot = pending[0]
        no_room = slot.start()
        if not no_room:
            self._gate.note_started(len(active))
        else:
            self._gate.note_held_back(len(active), no_room)
            self._failed_starts = 1 if active else self._failed_starts + 1
            if active or self._failed_starts < _STARTS_ALONE:
                return
            slot.give_up(no_room)
        self._failed_starts = 0
        active.append(pending.popleft())

    def _patience(self, pending: deque[Slot], active: list[Slot]) -> float | None:
        """Seconds to wait for a word; None: for ever, since nothing else can change anything."""
        if pending and self._failed_starts:
            return _ASKED_AGAIN
        if not active or self._may_start(pending, active):
            return 0.0
        is_held_back = bool(pending) and not self._stopping and len(active) < self.max_workers
        return _ASKED_AGAIN if is_held_back else None

    def _may_start(self, pending: deque[Slot], active: list[Slot]) -> bool:
        if not pending or self._stopping or len(active) >= self.max_workers:
            return False
        return self._gate.lets_in(len(active))

    def _words(self, patience: float | None) -> Iterator[_Word]:
        """Everything that has arrived, after a wait for the first that long at the most."""
        with suppress(queue.Empty):
            if patience != 0.0:
                yield next_word(self._inbox, patience)
            while True:
                yield self._inbox.get_nowait()

    def _announce(self, result: WorkflowResult) -> None:
        if result.outcome is Outcome.FAILED:
            self._alert(f"[{result.item_id}] FAILED: {result.error}")

    def _halt_if_too_many_failed(self, ended: Collection[WorkflowResult], total: int) -> None:
        failed = sum(result.outcome is Outcome.FAILED for result in ended)
        if self._halt is None or not failed or not self._halt.is_met(failed, total):
            return
        sentence = f"{failed} of {total} failed, and this run halts at {self._halt}"
        if self._halt.now:
            self.stop(sentence)
        else:
            self.drain(sentence)

    def _stop(self, wish: _Stop) -> None:
        if self._stopping and wish.sentence:
            return  # a full disk is met by many at once; only a person's further wish is firmer
        if self._stopped_itself and not wish.sentence:
            self._stopped_itself = False
            return  # the person's first wish, and it is being carried out
        self._on_stop()
        if not self._stopping:
            self._stopping = True
            self._stopped_itself = bool(wish.sentence)
            reason = f": {wish.sentence}" if wish.sentence else ""
            self._alert(f"[COORDINATOR] Shutting down... waiting for workers to checkpoint{reason}")

    def _drain(self, wish: _Drain) -> None:
        if not (self._draining or self._stopping):
            self._draining = True
            self._alert(f"[COORDINATOR] Nothing new starts: {wish.sentence}")

    def _handle_shutdown_signal(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """A signal handler: a note, one word on the inbox, nothing else (both are re-entrant)."""
        self._signals.append(signum)
        self._inbox.put(_Stop())

    def _handle_pause_signal(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """A signal handler: one word on the inbox."""
        self._inbox.put(_Pause())

    def stop(self, sentence: str) -> None:
        """Ask for the end from any thread, as the first Ctrl-C does; `sentence` says why."""
        self._inbox.put(_Stop(sentence))

    def drain(self, sentence: str) -> None:
        """Start nothing more, from any thread; what runs ends in its own right."""
        self._inbox.put(_Drain(sentence))

    def reconsider(self) -> None:
        """Ask the gate again, from any thread: there may be more room than before."""
        self._inbox.put(_Reconsider())

    @property
    def shutdown_signal(self) -> signal.Signals | None:
        """The first signal that arrived, also one that came when everything had ended."""
        return signal.Signals(self._signals[0]) if self._signals else None

    def get_checkpoints(self) -> list[str]:
        """Ids of all items of the last batch that ended interrupted, started or not."""
        return list(self._checkpoints)
