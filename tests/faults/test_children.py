"""Children that leave badly, not at all, or never come: each is ended, and its end told truly."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import child_programs
import deeds
import pytest
from child_programs import Parent
from command import Workspace
from faults import ENDLESS, assert_finishes, assert_resumes, wait_for_drafting
from stage import Stage

from agentos.cli.options import DEFAULT_GRACE
from agentos.core.events import Notice, Reported
from agentos.core.outcomes import Outcome
from agentos.engines.engine import ChildEnd

ALL = ("parallel", "lld", "--all")
HOUR = 3600.0

IDLE_LIMIT = 10
"""Seconds: the least that `--idle-timeout` takes."""


class TestWhoDoesNotLeave:
    def test_ignores_sigint(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int, grace=0.0)
        end = stage.start().await_step().stop().end()
        assert end.report is not None
        assert end.report.error == "SIGINT SIGTERM"
        assert end.verdict().outcome is Outcome.INTERRUPTED
        assert stage.notices == ["[COORDINATOR] LLD-42 is still running in step draft: SIGTERM"]

    def test_ignores_sigint_and_sigterm(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.ignores_int_and_term, grace=0.0)
        began = time.monotonic()
        end = stage.start().await_step().stop().end()
        assert time.monotonic() - began < 5 * 1.3
        assert end.returncode == -signal.SIGKILL
        assert end.verdict() == Reported(outcome=Outcome.INTERRUPTED)
        assert list(stage.told) == ["SIGINT", "SIGTERM"]
        assert stage.notices == [
            "[COORDINATOR] LLD-42 is still running in step draft: SIGTERM",
            "[COORDINATOR] LLD-42 does not end in step draft: SIGKILL",
        ]
        assert all(event.urgent for event in stage.events if isinstance(event, Notice))

    def test_needs_three_seconds_to_checkpoint(self, tmp_path: Path) -> None:
        # More than the default, or a machine that has other work to do would be a reason to fail.
        assert DEFAULT_GRACE >= child_programs.CHECKPOINT_TAKES
        stage = Stage(tmp_path, child_programs.checkpoints_for_3_s, grace=4 * DEFAULT_GRACE)
        end = stage.start().await_step().stop().end()
        assert end.verdict() == Reported(
            item="LLD-42", outcome=Outcome.INTERRUPTED, error="SIGINT and 3 s of peace"
        )


class TestWhoLeavesBadly:
    @pytest.mark.parametrize(
        ("program", "error", "may_pass"),
        [
            (
                child_programs.exits_0_without_report,
                "the child left with exit code 0 and no report",
                False,
            ),
            (
                child_programs.exits_without_report,
                "the child left with exit code 3 and no report",
                False,
            ),
            (
                child_programs.reports_then_exits_1,
                "the child reported approved but left with exit code 1",
                False,
            ),
            (child_programs.dies_of_segv, "the child was ended by SIGSEGV", True),
            (child_programs.dies_of_sigkill, "the child was ended by SIGKILL", True),
        ],
    )
    def test_its_item_has_failed(
        self, tmp_path: Path, program: Callable[[Parent], None], error: str, may_pass: bool
    ) -> None:
        verdict = Stage(tmp_path, program).run().verdict()
        assert verdict == Reported(
            item=verdict.item, outcome=Outcome.FAILED, error=error, may_pass=may_pass
        )

    def test_one_that_never_prints_is_as_good_as_any(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.never_prints)
        assert stage.run().verdict().outcome is Outcome.APPROVED
        assert stage.log.read_bytes() == stage.screen.shown == b""

    def test_a_killed_one_fails_its_item_alone_and_is_resumed(self, shelf: Workspace) -> None:
        shelf.keep_issues("007", "042", "128")
        running = shelf.start(
            "parallel", "lld", "--all", "--retries", "0", AGENTOS_EMBEDDED_LATENCY="3"
        )
        wait_for_drafting(shelf, "LLD-7")
        victim = next(c for c in running.children() if "_7.db" in journal_of(c.environ()))
        victim.kill()

        code, output = running.finish()

        assert code == 1
        assert "[LLD-7] FAILED: the child was ended by SIGKILL" in output
        assert "1 failed (LLD-7)" in output
        assert shelf.journals == ["lld_workflow_7.db"]
        assert "failed after context: the child was ended by SIGKILL" in shelf.run("status")[1]
        assert_resumes(shelf, approved=2, thin=1)


def journal_of(environ: dict[str, str]) -> str:
    return environ["AGENTOS_WORKFLOW_DB"]


class TestWhoIsTriedAgain:
    """An end that may be chance: the machine's, not the item's."""

    def test_it_goes_on_after_its_last_step_each_time(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        shelf.keep_issues("042")
        code, output = shelf.run(*ALL, **dying_of(tmp_path, "SIGSEGV", "SIGKILL"))

        assert code == 0, output
        tries = re.findall(r"LLD-42\] attempt (\d of \d) failed: (.*); tries again in", output)
        assert tries == [
            ("1 of 3", "the child was ended by SIGSEGV"),
            ("2 of 3", "the child was ended by SIGKILL"),
        ]
        assert shelf.steps("step_restored")["LLD-42"].count("context") == 2
        shelf.assert_no_step_ran_twice()

    def test_not_more_often_than_is_asked_for(self, shelf: Workspace, tmp_path: Path) -> None:
        shelf.keep_issues("042")
        deadly = dying_of(tmp_path, "SIGKILL", "SIGSEGV", "SIGKILL")
        code, output = shelf.run(*ALL, "--retries", "1", **deadly)

        assert code == 1
        assert "[LLD-42] FAILED: the child was ended by SIGSEGV" in output
        assert Path(deadly[deeds.PLACE]).read_text() == "SIGKILL\n"
        assert_resumes(shelf, approved=1, thin=0)


def dying_of(folder: Path, *signals: str) -> dict[str, str]:
    """For children that die so, one after the other, while they wait for a draft."""
    deaths = folder / "deaths"
    deaths.write_text("".join(f"{name}\n" for name in signals))
    return deeds.doing(deeds.die_of_the_next_signal, folder, place=deaths)


class TestWhoStopsAnswering:
    """Who heeds nothing but SIGKILL: each stage of its end comes in its time."""

    @pytest.mark.parametrize("program", [child_programs.falls_silent, child_programs.is_busy])
    def test_beyond_its_time_limit(self, tmp_path: Path, program: Callable[[Parent], None]) -> None:
        end = stuck_for_an_hour(tmp_path, program, timeout=HOUR)
        assert end.returncode == -signal.SIGKILL
        assert end.verdict() == Reported(
            outcome=Outcome.FAILED,
            error="not finished within its time limit of 3600 s in step draft",
        )

    @pytest.mark.parametrize("program", [child_programs.falls_silent, child_programs.is_busy])
    def test_beyond_the_idle_limit(self, tmp_path: Path, program: Callable[[Parent], None]) -> None:
        end = stuck_for_an_hour(tmp_path, program, idle_timeout=HOUR)
        assert end.returncode == -signal.SIGKILL
        assert end.verdict() == Reported(
            outcome=Outcome.FAILED,
            error="gave no sign of life for 3600 s in step draft",
            may_pass=True,
        )

    def test_its_item_is_ended_and_can_be_resumed(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")

        code, output = shelf.run(
            "parallel", "lld", "42", "--timeout", "2", "--grace", "0", **ENDLESS
        )

        assert code == 1
        assert "[LLD-42] FAILED: not finished within its time limit of 2 s" in output
        assert_finishes(shelf, approved=1)

    def test_one_that_hangs_is_told_from_one_that_waits_for_its_model(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        """Both say nothing for longer than the limit; the one that waits has a heartbeat."""
        shelf.keep_issues("042", "057")

        code, output = shelf.run(
            *(*ALL, "--idle-timeout", str(IDLE_LIMIT), "--grace", "0", "--retries", "0"),
            **deeds.doing(deeds.hang_or_take_long, tmp_path),
        )

        assert code == 1
        assert "[LLD-42] FAILED: gave no sign of life for 10 s in step draft" in output
        assert "1 approved, 1 failed (LLD-42)" in output
        assert shelf.summary(shelf.runs[0])["items"]["LLD-57"]["seconds"] > IDLE_LIMIT
        assert_resumes(shelf, approved=2, thin=0)


def stuck_for_an_hour(folder: Path, program: Callable[[Parent], None], **limits: Any) -> ChildEnd:
    """The hour passes at once, when the child is in its step; then it is real time again.

    A child that was stopped is looked at when it goes on.
    """
    ahead = 0.0
    stage = Stage(folder, program, clock=lambda: time.monotonic() + ahead, **limits)
    stage.start().await_step().await_noted("draft")
    ahead = HOUR
    stage.poke(signal.SIGSTOP).await_pause().poke(signal.SIGCONT)
    return stage.end()
