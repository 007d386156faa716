import builtins
import itertools
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agentos.core.errors import ItemError
from agentos.core.outcomes import Outcome
from agentos.workflows.parallel.coordinator import ParallelCoordinator
from agentos.workflows.parallel.gate import Gate
from agentos.workflows.parallel.halt import HaltRule
from agentos.workflows.parallel.progress import ProgressStats, WorkflowResult

PATIENCE = 60  # seconds that nothing here takes

Ran = tuple[ProgressStats, list[WorkflowResult]]


def run(
    coordinator: ParallelCoordinator,
    items: str,
    worker: Callable[[str, Any], Outcome | None] = lambda _item, _credential: None,
) -> Ran:
    return coordinator.execute_parallel(items, worker, lambda item: item.upper())


def outcomes(results: list[WorkflowResult]) -> dict[str, Outcome]:
    return {result.item_id: result.outcome for result in results}


class Workers:
    """Workers that tell when they begin, and end when they are told how."""

    def __init__(self) -> None:
        self.begun: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.ends: dict[str, queue.SimpleQueue[Outcome]] = {}
        self.credentials: dict[str, Any] = {}

    def __call__(self, item: str, credential: Any) -> Outcome:
        self.credentials[item] = credential
        self.ends[item] = queue.SimpleQueue()
        self.begun.put(item)
        return self.ends[item].get(timeout=PATIENCE)

    def next_begun(self) -> str:
        return self.begun.get(timeout=PATIENCE)

    def end(self, item: str, outcome: Outcome = Outcome.APPROVED) -> None:
        self.ends[item].put(outcome)


class Batch:
    """An `execute_parallel` on a thread of its own."""

    def __init__(self, coordinator: ParallelCoordinator, items: str, workers: Workers) -> None:
        self._ran: queue.SimpleQueue[Ran] = queue.SimpleQueue()
        self.thread = threading.Thread(
            target=lambda: self._ran.put(run(coordinator, items, workers)), daemon=True
        )
        self.thread.start()

    def end(self) -> Ran:
        return self._ran.get(timeout=PATIENCE)


class Credentials:
    """A source with nothing but the two methods that may be called."""

    def __init__(self, *credentials: object) -> None:
        self.asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.given_back: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[object] = queue.SimpleQueue()
        for credential in credentials:
            self._free.put(credential)

    def acquire(self, timeout: float | None = None) -> object:
        self.asked.put(None)
        credential = self._free.get(timeout=PATIENCE)
        if isinstance(credential, Exception):
            raise credential
        return credential

    def release(self, credential: object) -> None:
        self.given_back.put(credential)

    def offer(self, credential: object) -> None:
        self._free.put(credential)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def workers() -> Workers:
    return Workers()


class TestHowMany:
    def test_the_contract_names_the_limits(self, said: list[str]) -> None:
        assert ParallelCoordinator.DEFAULT_PARALLELISM == 3
        assert ParallelCoordinator.MAX_PARALLELISM == 10
        assert ParallelCoordinator(notify=said.append).max_workers == 3
        assert ParallelCoordinator(10, notify=said.append).max_workers == 10
        assert said == []

    def test_more_is_capped_and_said(self, said: list[str]) -> None:
        assert ParallelCoordinator(20, notify=said.append).max_workers == 10
        assert said == ["[COORDINATOR] Warning: 20 parallel workflows asked for, running 10"]

    def test_another_cap_can_be_handed_in(self, said: list[str]) -> None:
        assert ParallelCoordinator(20, cap=50, notify=said.append).max_workers == 20
        assert ParallelCoordinator(cap=2, notify=said.append).max_workers == 2
        assert said == []

    @pytest.mark.parametrize("wanted", [0, -1])
    def test_less_than_one_is_refused(self, wanted: int) -> None:
        with pytest.raises(ValueError, match=f"at least 1, not {wanted}"):
            ParallelCoordinator(wanted)

    def test_as_many_as_asked_run_at_once_and_never_more(self, workers: Workers) -> None:
        batch = Batch(ParallelCoordinator(2), "abcd", workers)
        running = {workers.next_begun(), workers.next_begun()}
        assert running == {"a", "b"}
        for item in "cd":
            assert workers.begun.empty()
            workers.end(running.pop())
            running.add(workers.next_begun())
            assert item in running
        for item in running:
            workers.end(item)
        assert batch.end()[0].success_count == 4

    def test_the_gate_is_asked_with_the_number_that_runs(self, workers: Workers) -> None:
        asked: list[int] = []

        def admit(running: int) -> bool:
            asked.append(running)
            return running < 2

        batch = Batch(ParallelCoordinator(3, admit=admit), "abc", workers)
        assert {workers.next_begun(), workers.next_begun()} == {"a", "b"}
        workers.end("a")
        assert workers.next_begun() == "c"
        workers.end("b")
        workers.end("c")
        assert batch.end()[0].success_count == 3
        assert set(asked) == {0, 1, 2}

    def test_a_closed_gate_lets_one_at_a_time_pass(self, workers: Workers) -> None:
        batch = Batch(ParallelCoordinator(3, admit=lambda _running: False), "abc", workers)
        for item in "abc":
            assert workers.next_begun() == item
            assert workers.begun.empty()
            workers.end(item)
        assert batch.end()[0].success_count == 3

    def test_who_is_held_back_is_told_of_and_let_in_when_there_is_room(
        self, workers: Workers
    ) -> None:
        room = 2
        said: queue.SimpleQueue[str] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(
            4,
            admit=lambda running: running < room,
            why_held_back=lambda: f"there is room for {room}",
            notify=said.put,
        )
        batch = Batch(coordinator, "abcde", workers)
        held_back = "[COORDINATOR] No item starts beside the {} that run: there is room for {}"
        assert said.get(timeout=PATIENCE) == held_back.format(2, 2)
        assert {workers.next_begun(), workers.next_begun()} == {"a", "b"}
        workers.end("a")
        assert workers.next_begun() == "c"
        room = 3
        coordinator.reconsider()
        assert workers.next_begun() == "d"
        again = "[COORDINATOR] There is room again: further items start"
        assert said.get(timeout=PATIENCE) == again
        assert said.get(timeout=PATIENCE) == held_back.format(3, 3)
        room = 1
        coordinator.reconsider()
        assert said.get(timeout=PATIENCE) == held_back.format(3, 1)
        for item in "bcd":
            workers.end(item)
        assert workers.next_begun() == "e"
        workers.end("e")
        assert batch.end()[0].success_count == 5
        assert said.empty()

    def test_a_size_that_changes_is_no_other_reason(self, said: list[str]) -> None:
        sizes = iter(range(100))
        gate = Gate(lambda _running: False, lambda: f"{next(sizes)} MiB are left", said.append)
        for running in (2, 1, 2):
            assert not gate.lets_in(running)
        assert said == ["[COORDINATOR] No item starts beside the 2 that run: 0 MiB are left"]
        gate.note_started(2)
        assert not gate.lets_in(3)
        assert [text.partition("]")[2] for text in said[1:]] == [
            " There is room again: further items start",
            " No item starts beside the 3 that run: 3 MiB are left",
        ]


class Threads:
    """Starts a slot's thread only while `left` says that there are some to be had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
        self.left = left
        self.refused = 0
        self._start = threading.Thread.start
        threads = self
        monkeypatch.setattr(threading.Thread, "start", lambda self: threads.start(self))  # noqa: PLW0108 - bound, it would not get the thread

    def start(self, thread: threading.Thread) -> None:
        if thread.name.startswith("slot-"):
            if not self.left:
                self.refused += 1
                raise RuntimeError("can't start new thread")
            self.left -= 1
        self._start(thread)


class TestThreads:
    HELD_BACK = "the machine has no room for it: can't start new thread"

    def test_an_item_without_a_thread_stays_due_until_another_ends(
        self, workers: Workers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = Threads(monkeypatch, 1)
        said: queue.SimpleQueue[str] = queue.SimpleQueue()
        batch = Batch(ParallelCoordinator(3, notify=said.put), "abc", workers)
        assert workers.next_begun() == "a"
        told = f"[COORDINATOR] No item starts beside the 1 that run: {self.HELD_BACK}"
        assert said.get(timeout=PATIENCE) == told
        threads.left = 2
        workers.end("a")
        assert {workers.next_begun(), workers.next_begun()} == {"b", "c"}
        workers.end("b")
        workers.end("c")
        assert batch.end()[0].success_count == 3
        assert threads.refused == 1
        assert said.get() == "[COORDINATOR] There is room again: further items start"
        assert said.empty()

    def test_or_for_a_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("agentos.workflows.parallel.coordinator._ASKED_AGAIN", 0.001)
        threads = Threads(monkeypatch, 0)
        said: list[str] = []

        def notify(text: str) -> None:
            threads.left = 1
            said.append(text)

        stats, _ = run(ParallelCoordinator(1, notify=notify), "a")
        assert stats.success_count == 1
        assert said == [
            f"[COORDINATOR] No item starts: {self.HELD_BACK}",
            "[COORDINATOR] There is room again: further items start",
        ]

    def test_where_nothing_runs_it_fails_in_the_end(
        self, said: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("agentos.workflows.parallel.coordinator._ASKED_AGAIN", 0.001)
        threads = Threads(monkeypatch, 0)
        _, results = run(ParallelCoordinator(2, notify=said.append), "ab")
        assert [(one.outcome, one.error) for one in results] == [
            (Outcome.FAILED, self.HELD_BACK)
        ] * 2
        assert threads.refused == 10
        assert said == [
            f"[COORDINATOR] No item starts: {self.HELD_BACK}",
            f"[A] FAILED: {self.HELD_BACK}",
            f"[B] FAILED: {self.HELD_BACK}",
        ]

    def test_a_worker_that_lacks_memory_says_so(self) -> None:
        def worker(_item: str, _credential: object) -> None:
            raise MemoryError

        _, [result] = run(ParallelCoordinator(1), "a", worker)
        assert result.error == "the machine has no room for it: out of memory"

    def test_a_stop_is_heeded_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Threads(monkeypatch, 0)
        coordinator = ParallelCoordinator(
            1, notify=lambda text: coordinator.stop("enough") if "No item" in text else None
        )
        _, results = run(coordinator, "ab")
        assert [one.outcome for one in results] == [Outcome.INTERRUPTED] * 2


class TestHalt:
    def test_soon_lets_finish_what_runs(self, workers: Workers, said: list[str]) -> None:
        halted = threading.Event()

        def notify(text: str) -> None:
            said.append(text)
            if "Nothing new starts" in text:
                halted.set()

        halt = HaltRule.parse("soon,fail=2")
        batch = Batch(ParallelCoordinator(3, halt=halt, notify=notify), "abcdef", workers)
        for _ in range(3):
            workers.next_begun()
        workers.end("a", Outcome.FAILED)
        assert workers.next_begun() == "d"
        workers.end("b", Outcome.FAILED)
        assert halted.wait(PATIENCE)
        workers.end("c")
        workers.end("d", Outcome.FAILED)
        stats, results = batch.end()
        assert [result.outcome.value[0] for result in results] == list("ffafii")
        assert stats.completed == 4
        reason = "2 of 6 failed, and this run halts at soon,fail=2"
        assert said.count(f"[COORDINATOR] Nothing new starts: {reason}") == 1

    def test_now_ends_what_runs(self, workers: Workers, said: list[str]) -> None:
        stopped = threading.Event()
        coordinator = ParallelCoordinator(
            2,
            halt=HaltRule.parse("now,fail=20%"),
            on_stop=stopped.set,
            notify=said.append,
        )
        batch = Batch(coordinator, "abcde", workers)
        assert {workers.next_begun(), workers.next_begun()} == {"a", "b"}
        workers.end("a", Outcome.FAILED)
        assert stopped.wait(PATIENCE)
        workers.end("b", Outcome.INTERRUPTED)
        _, results = batch.end()
        assert [result.outcome.value[0] for result in results] == list("fiiii")
        assert said[-1].endswith(": 1 of 5 failed, and this run halts at now,fail=20%")
        assert coordinator.shutdown_signal is None


class TestResults:
    def test_nothing_to_do_is_fine(self) -> None:
        assert run(ParallelCoordinator(), "") == (ProgressStats(total=0), [])

    def test_a_dry_run_lists_and_runs_nothing(self, said: list[str]) -> None:
        credentials = Credentials()
        coordinator = ParallelCoordinator(2, credentials, notify=said.append)
        ran = coordinator.execute_parallel("ab", pytest.fail, str.upper, dry_run=True)
        assert ran == (ProgressStats(total=2), [])
        assert said == [
            "[COORDINATOR] Dry run mode: 2 items, none of them is run",
            "  A",
            "  B",
        ]
        assert credentials.asked.empty()

    def test_they_come_in_the_order_of_the_items(self, workers: Workers) -> None:
        batch = Batch(ParallelCoordinator(3), "abc", workers)
        assert {workers.next_begun() for _ in range(3)} == set("abc")
        for item in "cba":
            workers.end(item)
        assert [result.item_id for result in batch.end()[1]] == ["A", "B", "C"]

    def test_an_outcome_is_taken_over_and_none_means_approved(self) -> None:
        ends = dict(zip("abcdef", [None, *Outcome], strict=True))
        stats, results = run(ParallelCoordinator(), "abcdef", lambda item, _: ends[item])
        assert [result.outcome for result in results] == [Outcome.APPROVED, *Outcome]
        assert stats == ProgressStats(
            total=6, completed=5, failed=1, success_count=4, interrupted=1
        )

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (ValueError("no such issue"), "no such issue"),
            (ValueError(), "ValueError"),
            (KeyError("x"), "'x'"),
            (SystemExit(), "SystemExit"),
            (KeyboardInterrupt(), "KeyboardInterrupt"),
        ],
    )
    def test_whatever_a_worker_raises_fails_its_item_only(
        self, said: list[str], error: BaseException, reason: str
    ) -> None:
        def worker(item: str, _credential: object) -> None:
            if item == "b":
                raise error

        stats, results = run(ParallelCoordinator(notify=said.append), "abc", worker)
        assert results[1] == WorkflowResult("B", Outcome.FAILED, reason, results[1].duration)
        assert (stats.completed, stats.failed, stats.success_count) == (3, 1, 2)
        assert said == [f"[B] FAILED: {reason}"]

    def test_a_result_tells_the_seconds_of_its_item(self) -> None:
        times = iter([10.0, 12.5])
        _, [result] = run(ParallelCoordinator(clock=lambda: next(times)), "a")
        assert result == WorkflowResult("A", Outcome.APPROVED, None, 2.5)

    def test_without_notify_print_is_looked_up_when_called(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        coordinator = ParallelCoordinator()
        printed: list[str] = []
        monkeypatch.setattr(builtins, "print", printed.append)
        coordinator.execute_parallel("a", pytest.fail, str.upper, dry_run=True)
        assert printed == ["[COORDINATOR] Dry run mode: 1 items, none of them is run", "  A"]


class TestStop:
    def test_nothing_new_starts_and_who_runs_is_waited_for(
        self, workers: Workers, said: list[str]
    ) -> None:
        stops: queue.SimpleQueue[None] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(
            2, notify=said.append, on_stop=lambda: stops.put(None), clock=lambda: 0.0
        )
        batch = Batch(coordinator, "abcd", workers)
        assert {workers.next_begun(), workers.next_begun()} == {"a", "b"}
        coordinator._handle_shutdown_signal(signal.SIGINT, None)
        stops.get(timeout=PATIENCE)
        workers.end("b", Outcome.INTERRUPTED)
        workers.end("a")
        stats, results = batch.end()
        assert outcomes(results) == {
            "A": Outcome.APPROVED,
            "B": Outcome.INTERRUPTED,
            "C": Outcome.INTERRUPTED,
            "D": Outcome.INTERRUPTED,
        }
        assert stats == ProgressStats(
            total=4, completed=1, failed=0, success_count=1, interrupted=3
        )
        assert coordinator.get_checkpoints() == ["B", "C", "D"]
        assert coordinator.shutdown_signal is signal.SIGINT
        assert said == ["[COORDINATOR] Shutting down... waiting for workers to checkpoint"]
        assert workers.begun.empty()
        assert stops.empty()

    def test_each_further_wish_is_passed_on_and_said_once(
        self, workers: Workers, said: list[str]
    ) -> None:
        stops: queue.SimpleQueue[None] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(1, notify=said.append, on_stop=lambda: stops.put(None))
        batch = Batch(coordinator, "a", workers)
        workers.next_begun()
        coordinator.stop("the disk is full")
        coordinator.stop("the disk is full")
        coordinator._handle_shutdown_signal(signal.SIGTERM, None)
        coordinator._handle_shutdown_signal(signal.SIGINT, None)
        for _ in range(2):
            stops.get(timeout=PATIENCE)
        workers.end("a", Outcome.INTERRUPTED)
        batch.end()
        assert stops.empty()  # neither its own second wish nor a person's first was a further one
        assert said == [
            "[COORDINATOR] Shutting down... waiting for workers to checkpoint: the disk is full"
        ]
        assert coordinator.shutdown_signal is signal.SIGTERM

    def test_a_wish_of_the_programs_own_counts_once(
        self, workers: Workers, said: list[str]
    ) -> None:
        stops: queue.SimpleQueue[None] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(1, notify=said.append, on_stop=lambda: stops.put(None))
        batch = Batch(coordinator, "a", workers)
        workers.next_begun()
        coordinator.stop("the disk is full")
        coordinator.stop("the console takes no more output")
        coordinator._handle_shutdown_signal(signal.SIGINT, None)  # a person's first: under way
        coordinator._handle_shutdown_signal(signal.SIGINT, None)
        coordinator.stop("the disk is full")
        for _ in range(2):
            stops.get(timeout=PATIENCE)
        workers.end("a")
        batch.end()
        assert stops.empty()
        assert len(said) == 1

    def test_a_wish_of_the_programs_own_is_no_signal(self, said: list[str]) -> None:
        coordinator = ParallelCoordinator(notify=said.append)
        coordinator.stop("enough")
        _, results = run(coordinator, "ab")
        assert set(outcomes(results).values()) == {Outcome.INTERRUPTED}
        assert coordinator.shutdown_signal is None

    def test_a_signal_before_the_first_item_lets_none_start(self, said: list[str]) -> None:
        coordinator = ParallelCoordinator(notify=said.append)
        coordinator._handle_shutdown_signal(signal.SIGHUP, None)
        stats, results = run(coordinator, "ab", pytest.fail)
        assert results == [WorkflowResult(name, Outcome.INTERRUPTED) for name in "AB"]
        assert (stats.completed, stats.interrupted) == (0, 2)

    def test_a_signal_that_comes_when_all_has_ended_is_not_lost(self) -> None:
        coordinator = ParallelCoordinator()
        run(coordinator, "ab")
        assert coordinator.shutdown_signal is None
        coordinator._handle_shutdown_signal(signal.SIGTERM, None)
        coordinator._handle_shutdown_signal(signal.SIGINT, None)
        assert coordinator.shutdown_signal is signal.SIGTERM

    def test_to_ask_for_the_signal_takes_no_word_away(self, workers: Workers) -> None:
        coordinator = ParallelCoordinator(1, notify=lambda _text: None)
        batch = Batch(coordinator, "ab", workers)
        workers.next_begun()
        coordinator._handle_shutdown_signal(signal.SIGINT, None)
        assert coordinator.shutdown_signal is signal.SIGINT
        workers.end("a")
        assert outcomes(batch.end()[1])["B"] is Outcome.INTERRUPTED

    def test_the_next_batch_begins_anew(self, said: list[str]) -> None:
        stops: list[str] = []
        coordinator = ParallelCoordinator(
            notify=said.append, on_stop=lambda: stops.append("a wish passed on")
        )
        coordinator.stop("enough")
        run(coordinator, "ab")
        assert coordinator.get_checkpoints() == ["A", "B"]
        _, results = run(coordinator, "c")
        assert outcomes(results) == {"C": Outcome.APPROVED}
        assert coordinator.get_checkpoints() == []
        coordinator._handle_shutdown_signal(signal.SIGINT, None)  # not the second wish of any batch
        _, results = run(coordinator, "d", pytest.fail)
        assert outcomes(results) == {"D": Outcome.INTERRUPTED}
        assert len(stops) == 2

    @pytest.fixture
    def interruptible(self) -> Iterator[ParallelCoordinator]:
        """A coordinator whose handler has SIGINT for the time of the test."""
        coordinator = ParallelCoordinator(1, notify=lambda _text: None)
        before = signal.signal(signal.SIGINT, coordinator._handle_shutdown_signal)
        yield coordinator
        signal.signal(signal.SIGINT, before)

    def test_a_real_signal_wakes_the_main_thread(self, interruptible: ParallelCoordinator) -> None:
        def worker(_item: str, _credential: object) -> Outcome:
            os.kill(os.getpid(), signal.SIGINT)
            stopped.wait(PATIENCE)
            return Outcome.INTERRUPTED

        stopped = threading.Event()
        interruptible._on_stop = stopped.set
        _, results = run(interruptible, "ab", worker)
        assert stopped.is_set()
        assert set(outcomes(results).values()) == {Outcome.INTERRUPTED}
        assert interruptible.shutdown_signal is signal.SIGINT

    def test_to_construct_one_installs_no_handler(self) -> None:
        before = {number: signal.getsignal(number) for number in signal.valid_signals()}
        ParallelCoordinator()
        assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before


class TestDrain:
    def test_nothing_new_starts_and_who_runs_goes_on(
        self, workers: Workers, said: list[str]
    ) -> None:
        stops: list[None] = []
        coordinator = ParallelCoordinator(2, notify=said.append, on_stop=lambda: stops.append(None))
        batch = Batch(coordinator, "abcd", workers)
        assert {workers.next_begun(), workers.next_begun()} == {"a", "b"}
        coordinator.drain("the budget is used up")
        coordinator.drain("the budget is used up")
        workers.end("b", Outcome.INTERRUPTED)
        workers.end("a")
        stats, results = batch.end()
        assert outcomes(results) == {
            "A": Outcome.APPROVED,
            "B": Outcome.INTERRUPTED,
            "C": Outcome.INTERRUPTED,
            "D": Outcome.INTERRUPTED,
        }
        assert (stats.completed, stats.interrupted) == (1, 3)
        assert coordinator.get_checkpoints() == ["B", "C", "D"]
        assert said == ["[COORDINATOR] Nothing new starts: the budget is used up"]
        assert stops == []
        assert coordinator.shutdown_signal is None
        assert workers.begun.empty()

    def test_who_wants_quiet_hears_why_it_ends_and_what_failed(self, said: list[str]) -> None:
        coordinator = ParallelCoordinator(1, notify=pytest.fail, alert=said.append)

        def worker(_item: str, _credential: object) -> Outcome:
            coordinator.drain("the budget is used up")
            coordinator.stop("the disk is full")
            raise ItemError("why")

        run(coordinator, "ab", worker)
        assert said == [
            "[COORDINATOR] Nothing new starts: the budget is used up",
            "[COORDINATOR] Shutting down... waiting for workers to checkpoint: the disk is full",
            "[A] FAILED: why",
        ]

    def test_from_within_a_worker_it_is_heeded_before_the_next_starts(
        self, said: list[str]
    ) -> None:
        ticks = itertools.count(1.0)
        coordinator = ParallelCoordinator(1, notify=said.append, clock=lambda: next(ticks))

        def worker(_item: str, _credential: object) -> Outcome:
            coordinator.drain("the budget is used up")
            return Outcome.INTERRUPTED

        _, results = run(coordinator, "abc", worker)
        assert set(outcomes(results).values()) == {Outcome.INTERRUPTED}
        assert [result.duration for result in results] == [1.0, 0.0, 0.0]

    @pytest.mark.parametrize("sentence", ["", "the disk is full"])
    def test_a_later_stop_still_works(
        self, workers: Workers, said: list[str], sentence: str
    ) -> None:
        stops: queue.SimpleQueue[None] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(1, notify=said.append, on_stop=lambda: stops.put(None))
        batch = Batch(coordinator, "ab", workers)
        workers.next_begun()
        coordinator.drain("the budget is used up")
        if sentence:
            coordinator.stop(sentence)
        else:
            coordinator._handle_shutdown_signal(signal.SIGINT, None)
        stops.get(timeout=PATIENCE)
        workers.end("a", Outcome.INTERRUPTED)
        assert set(outcomes(batch.end()[1]).values()) == {Outcome.INTERRUPTED}
        reason = f": {sentence}" if sentence else ""
        assert said == [
            "[COORDINATOR] Nothing new starts: the budget is used up",
            f"[COORDINATOR] Shutting down... waiting for workers to checkpoint{reason}",
        ]

    def test_after_a_stop_it_has_nothing_to_say(self, workers: Workers, said: list[str]) -> None:
        coordinator = ParallelCoordinator(1, notify=said.append)
        batch = Batch(coordinator, "ab", workers)
        workers.next_begun()
        coordinator.stop("the disk is full")
        coordinator.drain("the budget is used up")
        workers.end("a")
        assert outcomes(batch.end()[1])["B"] is Outcome.INTERRUPTED
        assert len(said) == 1

    def test_who_waits_for_a_credential_does_not_run_any_more(self, workers: Workers) -> None:
        heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        credentials = Credentials("key-1")
        coordinator = ParallelCoordinator(2, credentials, notify=heard.put)
        batch = Batch(coordinator, "ab", workers)
        running = workers.next_begun()
        for _ in range(2):
            credentials.asked.get(timeout=PATIENCE)
        coordinator.drain("the budget is used up")
        heard.get(timeout=PATIENCE)
        workers.end(running)
        assert credentials.given_back.get(timeout=PATIENCE) == "key-1"
        _, results = batch.end()
        credentials.offer("key-2")
        assert credentials.given_back.get(timeout=PATIENCE) == "key-2"
        assert sorted(outcomes(results).values()) == [Outcome.APPROVED, Outcome.INTERRUPTED]
        assert workers.begun.empty()

    def test_the_next_batch_begins_anew(self, said: list[str]) -> None:
        coordinator = ParallelCoordinator(notify=said.append)
        coordinator.drain("the budget is used up")
        assert set(outcomes(run(coordinator, "ab", pytest.fail)[1]).values()) == {
            Outcome.INTERRUPTED
        }
        assert outcomes(run(coordinator, "c")[1]) == {"C": Outcome.APPROVED}
        coordinator.drain("the budget is used up")
        run(coordinator, "d", pytest.fail)
        assert said == ["[COORDINATOR] Nothing new starts: the budget is used up"] * 2


class TestCredentials:
    def test_a_worker_gets_the_very_object_for_the_whole_of_its_time(
        self, workers: Workers
    ) -> None:
        key = object()
        credentials = Credentials(key)
        batch = Batch(ParallelCoordinator(1, credentials), "a", workers)
        workers.next_begun()
        assert workers.credentials["a"] is key
        assert credentials.given_back.empty()
        workers.end("a")
        assert batch.end()[0].success_count == 1
        assert credentials.given_back.get(timeout=PATIENCE) is key

    def test_it_is_given_back_after_a_failure_too(self) -> None:
        def worker(_item: str, _credential: object) -> None:
            raise ValueError

        credentials = Credentials("key")
        run(ParallelCoordinator(1, credentials, notify=lambda _text: None), "a", worker)
        assert credentials.given_back.get(timeout=PATIENCE) == "key"

    def test_without_a_source_the_worker_gets_none(self) -> None:
        got: list[object] = []
        run(ParallelCoordinator(), "a", lambda _item, credential: got.append(credential))
        assert got == [None]

    def test_none_is_final(self, said: list[str]) -> None:
        credentials = Credentials(None)
        coordinator = ParallelCoordinator(1, credentials, notify=said.append)
        _, [result] = run(coordinator, "a", pytest.fail)
        assert result.outcome is Outcome.FAILED
        assert result.error == "Failed to acquire credential"
        assert said == ["[A] FAILED: Failed to acquire credential"]
        assert credentials.given_back.empty()

    def test_a_source_that_fails_fails_the_item(self) -> None:
        credentials = Credentials(OSError("the vault is closed"))
        coordinator = ParallelCoordinator(1, credentials, notify=lambda _text: None)
        _, [result] = run(coordinator, "a", pytest.fail)
        assert (result.outcome, result.error) == (Outcome.FAILED, "the vault is closed")

    @pytest.mark.parametrize("late", ["key-2", None])
    def test_who_waits_is_not_running_and_withdrawn_at_a_stop(
        self, workers: Workers, late: str | None
    ) -> None:
        stopped: queue.SimpleQueue[None] = queue.SimpleQueue()
        credentials = Credentials("key-1")
        coordinator = ParallelCoordinator(
            2, credentials, notify=lambda _text: None, on_stop=lambda: stopped.put(None)
        )
        batch = Batch(coordinator, "abc", workers)
        running = workers.next_begun()
        for _ in range(2):
            credentials.asked.get(timeout=PATIENCE)
        coordinator.stop("enough")
        stopped.get(timeout=PATIENCE)
        # A further wish is heeded when those that waited have been taken out.
        for _ in range(2):
            coordinator._handle_shutdown_signal(signal.SIGINT, None)
        stopped.get(timeout=PATIENCE)
        credentials.offer(late)
        if late is not None:
            assert credentials.given_back.get(timeout=PATIENCE) == late
        workers.end(running)
        _, results = batch.end()
        assert outcomes(results) == {
            item.upper(): Outcome.APPROVED if item == running else Outcome.INTERRUPTED
            for item in "abc"
        }
        assert credentials.given_back.get(timeout=PATIENCE) == "key-1"
        assert workers.begun.empty()
        assert "C" in coordinator.get_checkpoints()

    def test_who_got_its_credential_too_late_does_not_disturb_the_next_batch(self) -> None:
        credentials = Credentials()
        coordinator = ParallelCoordinator(1, credentials, notify=lambda _text: None)
        ran: queue.SimpleQueue[Ran] = queue.SimpleQueue()
        first = threading.Thread(target=lambda: ran.put(run(coordinator, "a", pytest.fail)))
        first.start()
        credentials.asked.get(timeout=PATIENCE)
        coordinator.stop("enough")
        assert outcomes(ran.get(timeout=PATIENCE)[1]) == {"A": Outcome.INTERRUPTED}
        first.join()
        credentials.offer("late")
        assert credentials.given_back.get(timeout=PATIENCE) == "late"
        credentials.offer("key")
        _, results = run(coordinator, "b")
        assert outcomes(results) == {"B": Outcome.APPROVED}


class TestPause:
    def test_the_main_thread_pauses_and_goes_on(self, workers: Workers) -> None:
        pauses: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()
        coordinator = ParallelCoordinator(
            1, on_pause=lambda: pauses.put(threading.current_thread())
        )
        batch = Batch(coordinator, "ab", workers)
        workers.next_begun()
        coordinator._handle_pause_signal(signal.SIGTSTP, None)
        assert pauses.get(timeout=PATIENCE) is batch.thread
        workers.end("a")
        workers.next_begun()
        workers.end("b")
        _, results = batch.end()
        assert set(outcomes(results).values()) == {Outcome.APPROVED}
        assert coordinator.shutdown_signal is None
