import contextlib
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import child_programs
import psutil
import pytest
from child_programs import POKE, Parent
from command import wait_until
from leftovers import nothing_left
from processes import is_gone
from stage import PATIENCE, Screen, Stage

from agentos.core.errors import EngineBusy, EngineError
from agentos.core.events import (
    ChildStarted,
    Event,
    Heartbeat,
    Notice,
    Reported,
    StepStarted,
)
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.core.systems import LINUX
from agentos.engines import lateness
from agentos.engines.child_process import ChildProcess
from agentos.engines.descriptor_gate import descriptors_in_use
from agentos.engines.engine import ChildEnd
from agentos.engines.memory_gate import FIRST_GUESS, RESERVE
from agentos.engines.relay import OutputRelay
from agentos.engines.words import Word
from agentos.process_tree import names_journal

needs_subreaper = pytest.mark.skipif(not LINUX, reason="this system has no child subreapers")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No process and no descriptor may outlive a run."""
    with nothing_left():
        yield


class TestEnds:
    def test_a_child_that_reports_and_leaves(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.reports)
        end = stage.run()
        assert end == ChildEnd(Reported(item="LLD-42", outcome=Outcome.APPROVED), 0)
        assert [type(event).__name__ for event in stage.events] == [
            "ChildStarted",
            "StepStarted",
            "StepFinished",
            "Reported",
        ]
        assert sorted(stage.log.read_text().splitlines()) == ["to stderr", "to stdout"]
        assert sorted(stage.screen.shown.splitlines()) == [
            b"[LLD-42] to stderr",
            b"[LLD-42] to stdout",
        ]

    def test_its_start_is_told_so_that_it_can_be_found_again(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.never_ends).start().await_step()
        [started] = [event for event in stage.events if isinstance(event, ChildStarted)]
        assert started.item == "LLD-42"
        work = stage.spec.work
        journal = StatePaths(work.state).journal_of(work.item)
        assert names_journal(psutil.Process(started.pid), journal)
        stage.stop().end()

    def test_a_child_speaks_for_itself_and_without_secrets(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.speaks_for_others)
        assert stage.run().report == Reported(
            item="LLD-42", outcome=Outcome.APPROVED, error="key ***"
        )
        assert stage.events[1:] == [
            StepStarted(item="LLD-42", step="draft"),
            Reported(item="LLD-42", outcome=Outcome.APPROVED, error="key ***"),
        ]

    def test_what_a_child_finds_around_it(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.tells_its_surroundings)
        stage.run()
        assert stage.told == {
            "journal": str(tmp_path / ".agentos/checkpoints/lld_workflow_42.db"),
            "session": "True",
            "unbuffered": "1",
            "encoding": "utf-8",
            "blocked": "True",
        }

    def test_nothing_of_a_flood_is_lost(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.spews)
        assert stage.run().verdict().outcome is Outcome.APPROVED
        assert stage.log.stat().st_size == 2000 * 1024 + len("the last line")
        assert stage.screen.shown.count(b"\n") == 2001
        assert stage.screen.shown.endswith(b"[LLD-42] the last line\n")
        assert list(stage.told) == [str(number) for number in range(2000)]

    def test_a_report_that_is_read_after_the_end_still_counts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ended = threading.Event()

        class Slow(Stage):
            def publish(self, event: Event) -> None:
                super().publish(event)
                if isinstance(event, Reported):
                    assert ended.wait(PATIENCE)

        def changes(process: ChildProcess) -> Iterator[Word]:
            yield from those_of(process)
            ended.set()

        those_of = ChildProcess.changes
        monkeypatch.setattr(ChildProcess, "changes", changes)
        assert Slow(tmp_path, child_programs.reports).run().verdict().outcome is Outcome.APPROVED


class TestLeftBehind:
    """Nothing is left, says the fixture above."""

    @needs_subreaper
    def test_a_grandchild_that_names_no_journal_is_ended(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.leaves_one_that_hides)
        assert stage.run().verdict().outcome is Outcome.APPROVED
        assert not psutil.pid_exists(int(stage.told["grandchild"]))

    @needs_subreaper
    def test_one_that_is_somebody_else_all_the_time_is_ended(self, tmp_path: Path) -> None:
        earlier = psutil.Process().children()  # zombies that others have left to us
        stage = Stage(tmp_path, child_programs.leaves_one_that_forks_quickly)
        assert stage.run().verdict().outcome is Outcome.APPROVED
        assert set(psutil.Process().children()) <= set(earlier)

    def test_what_another_child_has_started_goes_on(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.has_a_helper_without_a_parent)
        stage.start("7").await_told("helper")
        helper = psutil.Process(int(stage.told["helper"]))
        other = stage.pid
        stage.start("8").await_told("helper")
        os.kill(stage.pids[1], POKE)
        stage.end()
        assert helper.is_running()
        os.kill(other, POKE)
        stage.end()
        assert not helper.is_running()


class TestStop:
    def test_a_child_gets_its_grace_and_one_signal(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.checkpoints_slowly, grace=3600.0)
        stage.start().await_step().stop().await_told("closing the journal").poke()
        end = stage.end()
        assert end.asked_to_end
        assert end.returncode == 0
        assert end.verdict() == Reported(item="LLD-42", outcome=Outcome.INTERRUPTED)
        assert stage.notices == []

    def test_no_signal_is_sent_twice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[signal.Signals] = []
        send = ChildProcess.signal

        def note(process: ChildProcess, signum: signal.Signals) -> None:
            sent.append(signum)
            send(process, signum)

        monkeypatch.setattr(ChildProcess, "signal", note)
        stage = Stage(tmp_path, child_programs.ignores_int, grace=3600.0)
        stage.start().await_step().stop().await_told("SIGINT").stop().end()
        assert sent == [signal.SIGINT, signal.SIGCONT, signal.SIGTERM, signal.SIGCONT]

    def test_a_second_wish_brings_that_forward(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int, grace=3600.0)
        stage.start().await_step().stop().await_told("SIGINT").stop()
        end = stage.end()
        assert end.report is not None
        assert end.report.error == "SIGINT SIGTERM"
        assert len(stage.notices) == 1

    def test_a_third_wish_kills_at_once(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int_and_term, grace=3600.0)
        stage.start().await_step()
        stage.stop().await_told("SIGINT").stop().await_told("SIGTERM").stop()
        assert stage.end().returncode == -signal.SIGKILL

    def test_a_child_that_starts_after_a_stop_is_stopped_too(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int, grace=3600.0)
        stage.stop().start().await_told("SIGINT").stop()
        assert stage.end().verdict().outcome is Outcome.INTERRUPTED

    def test_every_child_is_reached(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.never_ends, grace=3600.0)
        for item in ("1", "2", "3"):
            stage.start(item)
        for _ in range(3):
            stage.await_step()
        stage.stop()
        assert {stage.end().returncode for _ in range(3)} == {-signal.SIGINT}

    def test_a_stopped_child_is_continued_with_it(self, tmp_path: Path) -> None:
        stage = Stage(
            tmp_path, child_programs.stops_itself_until_interrupted, grace=3600.0, timeout=3600.0
        )
        end = stage.start().await_pause().stop().end()
        assert end.report is not None
        assert end.report.error == "SIGINT"

    def test_to_stop_when_nothing_runs_is_fine(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.reports)
        assert stage.run().asked_to_end is False
        stage.stop()


class TestTimeLimit:
    def test_it_is_no_silence_if_a_heart_beats(self, tmp_path: Path) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.beats, idle_timeout=3600.0, clock=lambda: now)
        stage.start().await_step().await_noted("draft")
        for _ in range(3):
            now += 3000.0
            stage.poke().await_patience(3600.0)
        end = stage.poke().end()
        assert end.verdict().outcome is Outcome.APPROVED
        assert not [event for event in stage.events if isinstance(event, Heartbeat)]

    def test_who_is_long_at_a_step_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lateness, "FIRST_TOLD", 0.1)
        stage = Stage(tmp_path, child_programs.stays_at_a_step, timeout=1.0)
        stage.run()
        told = [event.text for event in stage.events if isinstance(event, Notice)]
        assert told[0] == "[COORDINATOR] LLD-42 has been in step draft for 0 min"

    def test_a_child_whose_time_is_up_is_ended_and_has_failed(self, tmp_path: Path) -> None:
        end = Stage(tmp_path, child_programs.never_ends, timeout=0.01).run()
        assert end.returncode == -signal.SIGINT
        assert not end.asked_to_end
        assert end.verdict().outcome is Outcome.FAILED
        assert end.verdict().error.startswith("not finished within its time limit of 0.01 s")

    def test_it_is_said_where_it_was(self, tmp_path: Path) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.never_ends, timeout=3600.0, clock=lambda: now)
        stage.start().await_step()
        now = 3600.0
        assert stage.poke().end().verdict().error == (
            "not finished within its time limit of 3600 s in step draft"
        )

    def test_it_does_not_run_while_the_child_waits_for_a_lease(self, tmp_path: Path) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.waits_for_a_lease, timeout=3600.0, clock=lambda: now)
        stage.start().await_pause()
        now = 1e6
        end = stage.poke().end()
        assert end.timed_out is None
        assert end.verdict().outcome is Outcome.APPROVED

    def test_nor_while_it_is_stopped(self, tmp_path: Path) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.stops_itself, timeout=3600.0, clock=lambda: now)
        stage.start().await_pause()
        now = 1e6
        end = stage.poke(signal.SIGCONT).end()
        assert end.timed_out is None
        assert end.verdict().outcome is Outcome.APPROVED

    @pytest.mark.parametrize(
        ("program", "go_on"),
        [
            (child_programs.goes_on_after_a_lease, POKE),
            (child_programs.goes_on_after_a_stop, signal.SIGCONT),
        ],
    )
    def test_it_runs_again_afterwards(
        self, tmp_path: Path, program: Callable[[Parent], None], go_on: signal.Signals
    ) -> None:
        now = 0.0
        stage = Stage(tmp_path, program, timeout=3600.0, clock=lambda: now)
        stage.start().await_pause().poke(go_on).await_step().await_end_of_pause()
        now = 3600.0
        assert stage.poke().end().timed_out == 3600.0

    @pytest.mark.parametrize("limits", [{"timeout": 3600.0}, {"idle_timeout": 3600.0}])
    def test_nor_while_the_whole_run_is_paused(
        self, tmp_path: Path, limits: dict[str, Any]
    ) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.reports_when_poked, clock=lambda: now, **limits)
        stage.start().await_step()
        with stage.engine.paused():
            child = psutil.Process(stage.pid)
            wait_until(lambda: child.status() == psutil.STATUS_STOPPED, "the child stands still")
            now = 1e6
        end = stage.poke().end()
        assert (end.timed_out, end.silent_for) == (None, None)
        assert end.verdict().outcome is Outcome.APPROVED

    def test_the_time_before_and_after_a_pause_counts(self, tmp_path: Path) -> None:
        now = 0.0
        stage = Stage(tmp_path, child_programs.never_ends, timeout=3600.0, clock=lambda: now)
        stage.start().await_step()
        now = 1800.0
        with stage.engine.paused():
            now = 1e6
        now += 1800.0
        assert stage.poke().end().timed_out == 3600.0

    def test_who_waits_for_a_lease_can_be_stopped(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.waits_for_a_lease, grace=3600.0, timeout=3600.0)
        assert stage.start().await_pause().stop().end().verdict().outcome is Outcome.INTERRUPTED


class TestRoom:
    def test_where_no_thread_waits_for_its_end_that_may_pass(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = threading.Thread.start

        def start_without_room(thread: threading.Thread) -> None:
            if thread.name.startswith("_await_end-"):
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_without_room)
        stage = Stage(tmp_path, child_programs.reports)
        with pytest.raises(EngineBusy, match="can't start new thread"):
            stage.engine.run(stage.spec)

    def test_it_needs_memory_for_one_more(self, tmp_path: Path) -> None:
        left = FIRST_GUESS + RESERVE
        stage = Stage(tmp_path, child_programs.reports, available_memory=lambda: left)
        assert stage.engine.has_room(0)
        assert stage.engine.why_no_room() == ""
        left -= 1
        assert not stage.engine.has_room(0)
        assert stage.engine.why_no_room() == (
            "a process takes up to 96 MiB, those that run may grow by 0 MiB, "
            "128 MiB stay free for others, and 223 MiB of memory are left"
        )

    def test_for_one_that_takes_as_much_as_the_largest_so_far(self, tmp_path: Path) -> None:
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        taken = max(ours, FIRST_GUESS) + FIRST_GUESS  # what we take ourselves is not told apart
        stage = Stage(
            tmp_path,
            child_programs.takes_memory,
            arguments=(str(taken),),
            available_memory=lambda: taken + RESERVE,
        )
        assert stage.engine.has_room(0)
        stage.run()
        assert stage.told == {"memory": str(taken)}
        assert not stage.engine.has_room(0)

    def test_and_those_that_run_may_grow_to_that(self, tmp_path: Path) -> None:
        least_of_a_child = 1024 * 1024
        left = 2 * FIRST_GUESS + RESERVE - least_of_a_child
        stage = Stage(
            tmp_path, child_programs.never_ends, grace=3600.0, available_memory=lambda: left
        )
        stage.start().await_step()
        assert stage.engine.has_room(1)
        left = FIRST_GUESS + RESERVE
        assert not stage.engine.has_room(1)
        stage.stop().end()
        assert stage.engine.has_room(0)

    def test_what_the_supervisor_takes_is_not_taken_for_a_childs(self, tmp_path: Path) -> None:
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ballast = bytearray(max(0, 2 * FIRST_GUESS - ours * 1024))
        ballast[::4096] = b"x" * len(ballast[::4096])
        stage = Stage(
            tmp_path, child_programs.reports, available_memory=lambda: FIRST_GUESS + RESERVE
        )
        stage.run()
        assert stage.engine.has_room(0)


class TestFaults:
    def test_a_machine_without_open_files_to_spare(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.reports)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            with pytest.raises(EngineError, match="no child can be started"):
                stage.engine.run(stage.spec)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_a_log_that_cannot_be_opened_leaves_no_child(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int_and_term)
        stage.log.mkdir()
        with pytest.raises(IsADirectoryError):
            stage.engine.run(stage.spec)
        assert is_gone(stage.pid)
        assert stage.engine._running == set()

    def test_nor_do_open_files_that_run_out_after_its_start(self, tmp_path: Path) -> None:
        taken: list[int] = []

        def give_back() -> None:
            while taken:
                os.close(taken.pop())

        class Greedy(Stage):
            def relay(self, label: str, fd: int) -> OutputRelay:
                with contextlib.suppress(OSError):
                    while True:
                        taken.append(os.open(os.devnull, os.O_RDONLY))
                threading.Timer(0.2, give_back).start()
                return super().relay(label, fd)

        stage = Greedy(tmp_path, child_programs.ignores_int_and_term)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors_in_use() + 16, hard))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                stage.engine.run(stage.spec)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        wait_until(lambda: not taken, "all are given back")
        assert not psutil.pid_exists(stage.pid)
        assert stage.engine._running == set()

    @pytest.mark.parametrize("program", [child_programs.reports, child_programs.spews])
    def test_nor_does_a_relay_that_fails(
        self, tmp_path: Path, program: Callable[[Parent], None]
    ) -> None:
        """Whether that is before the end or after it."""

        class WithoutMemory(Screen):
            def write(self, chunk: bytes, /) -> None:
                raise MemoryError

        stage = Stage(tmp_path, program, screen=WithoutMemory())
        with pytest.raises(MemoryError):
            stage.engine.run(stage.spec)
        assert is_gone(stage.pid)
        assert stage.engine._running == set()

    @pytest.mark.parametrize("fatal", [ChildStarted, Notice])
    def test_nor_does_a_listener_that_fails(self, tmp_path: Path, fatal: type[Event]) -> None:
        class Failing(Stage):
            def publish(self, event: Event) -> None:
                super().publish(event)
                if isinstance(event, fatal):
                    raise OSError("no")

        stage = Failing(tmp_path, child_programs.ignores_int_and_term)
        stage.stop().stop()
        with pytest.raises(OSError, match="no"):
            stage.engine.run(stage.spec)
        assert is_gone(stage.pid)
        assert stage.engine._running == set()
