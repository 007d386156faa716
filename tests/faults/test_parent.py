"""The supervisor killed, or not alone: no child is left, and the same command finishes the rest."""

import json
import random
import signal
import subprocess
from pathlib import Path

import filelock
import pytest
import small_parent
from command import Workspace, still_running, wait_until
from faults import (
    ENDLESS,
    SLOW,
    assert_finishes,
    assert_resumes,
    wait_for_a_draft,
    wait_for_drafting,
)
from processes import is_gone

ALL = ("parallel", "lld", "--all")

AT_ONCE = 2 * 1.3
"""Seconds in which children leave whose supervisor is gone, with a margin."""


class TestKilled:
    @pytest.mark.parametrize("seed", range(3))
    def test_at_a_random_instant(self, shelf: Workspace, seed: int) -> None:
        shelf.keep_issues("007", "042", "128")
        instant = random.Random(seed).randint(1, 45)  # of some 60 events
        running = shelf.start(*ALL, AGENTOS_EMBEDDED_LATENCY="0.2")
        wait_until(
            lambda: events_of(shelf) >= instant or running.process.poll() is not None,
            f"event {instant} is recorded",
        )
        children = running.children()
        running.process.kill()
        running.process.wait()

        assert still_running(children, after=AT_ONCE) == []
        assert_finishes(shelf, approved=2, thin=1)

    def test_its_run_is_closed_by_the_next(self, shelf: Workspace) -> None:
        shelf.keep_issues("007", "042", "128")
        running = shelf.start(*ALL, **SLOW)
        wait_for_a_draft(shelf)
        children = running.wait_for_children(1)

        running.process.kill()
        running.process.wait()

        assert still_running(children, after=AT_ONCE) == []
        assert not (shelf.runs[0] / "summary.json").exists()
        assert_resumes(shelf, approved=2, thin=1)
        first, second = shelf.runs
        assert shelf.summary(first)["closed_by"] == second.name
        assert "interrupted" in {item["outcome"] for item in shelf.summary(first)["items"].values()}

    def test_together_with_its_children_at_one_instant(self, shelf: Workspace) -> None:
        shelf.keep_issues("007", "042", "128")
        running = shelf.start(*ALL, **SLOW)
        wait_for_a_draft(shelf)
        running.kill_all()

        assert_resumes(shelf, approved=2, thin=1)

    def test_while_a_child_is_stopped(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        running = shelf.start(*ALL, **ENDLESS)
        [child] = running.wait_for_children(1)
        wait_for_drafting(shelf, "LLD-42")
        child.suspend()

        running.process.kill()
        running.process.wait()

        assert still_running([child], after=AT_ONCE) == []

    def test_while_a_child_is_held_up_outside_of_a_call(self, shelf: Workspace) -> None:
        lock = shelf.root / ".agentos" / "numbering.lock"
        shelf.run("parallel", "lld", "42")
        with filelock.FileLock(lock):
            running = shelf.start("parallel", "issue", "csv-import")
            wait_until(
                lambda: "review-1" in shelf.steps("step_finished").get("ISSUE-csv-import", ()),
                "the child waits for the lock",
            )
            children = running.wait_for_children(1)
            running.process.kill()
            running.process.wait()

            assert still_running(children, after=AT_ONCE) == []
        assert shelf.run("parallel", "issue", "--all")[0] in (0, 3)
        shelf.assert_no_step_ran_twice()

    def test_a_child_sees_it_by_its_lifeline(self, tmp_path: Path) -> None:
        with subprocess.Popen(
            small_parent.command(tmp_path, "dies_before_its_child"), stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            assert not is_gone(child)
            parent.kill()
        wait_until(lambda: is_gone(child), "the child is gone")


def events_of(shelf: Workspace) -> int:
    """How much the newest run has recorded."""
    if not shelf.runs:
        return 0
    record = shelf.runs[-1] / "events.ndjson"
    return record.read_bytes().count(b"\n") if record.exists() else 0


class TestNotAlone:
    def test_of_two_started_at_once_one_works_and_the_other_names_it(
        self, shelf: Workspace
    ) -> None:
        shelf.keep_issues("042", "057")
        both = [shelf.start(*ALL, **SLOW) for _ in range(2)]
        ends = [one.finish() for one in both]

        assert sorted(code for code, _ in ends) == [0, 2]
        refused = next(output for code, output in ends if code == 2)
        assert "another agentos works on this project: " in refused
        working = next(one for one, (code, _) in zip(both, ends, strict=True) if code == 0)
        assert f"process {working.process.pid}, started 20" in refused
        assert_finishes(shelf, approved=2)

    def test_a_second_one_later_names_the_first(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        running = shelf.start(*ALL, "--grace", "0", **ENDLESS)
        running.wait_for_children(1)

        code, output = shelf.run(*ALL)

        assert code == 2
        assert f"process {running.process.pid}, started 20" in output
        running.process.send_signal(signal.SIGINT)
        assert running.finish()[0] == -signal.SIGINT

    def test_the_lock_of_a_dead_one_holds_up_nobody(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        running = shelf.start(*ALL, **ENDLESS)
        wait_for_drafting(shelf, "LLD-42")
        running.kill_all()
        holder = json.loads((shelf.root / ".agentos" / "lock").read_text())
        assert holder["pid"] == running.process.pid

        assert_finishes(shelf, approved=1)
