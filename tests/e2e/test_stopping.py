"""Ctrl-C, SIGTERM and kill -9, of the command and of its children: nothing is lost or left."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import filelock
import pytest
from command import Workspace, processes_of, still_running, wait_until

SLOW = {"AGENTOS_EMBEDDED_LATENCY": "1"}


def wait_for_a_draft(shelf: Workspace) -> None:
    """Return when a child has a step on disk that cost a model call."""
    wait_until(
        lambda: (
            shelf.runs and any("draft" in steps for steps in shelf.steps("step_finished").values())
        ),
        "a draft is finished",
    )


def assert_resumes(shelf: Workspace, approved: int = 11, thin: int = 3) -> None:
    """The same command again finishes every item, and repeats no finished step."""
    assert shelf.journals
    code, output = shelf.run("parallel", "lld", "--all", "-j", "5")
    assert code == 3, output
    index = json.loads((shelf.root / "docs/lld/lld-status.json").read_text())["items"]
    assert Counter(entry["outcome"] for entry in index.values()) == {
        "approved": approved,
        "needs_revision": thin,
    }
    assert shelf.journals == []
    assert shelf.steps("step_restored")
    shelf.assert_no_step_ran_twice()


def test_sigint_checkpoints_and_the_same_command_resumes(shelf: Workspace) -> None:
    running = shelf.start("parallel", "lld", "--all", "-j", "5", **SLOW)
    wait_for_a_draft(shelf)
    children = running.wait_for_children(1)

    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()

    assert time.monotonic() - began < 5
    assert code == -signal.SIGINT
    assert "[COORDINATOR] Shutting down... waiting for workers to checkpoint" in output
    assert still_running(children, after=0) == []
    assert shelf.summary(shelf.runs[0])["exit_code"] == 130
    assert_resumes(shelf)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_stop_as_kindly(shelf: Workspace, signum: signal.Signals) -> None:
    shelf.keep_issues("042", "057")
    running = shelf.start("parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="30")
    running.wait_for_children(2)
    wait_until(lambda: len(shelf.journals) == 2, "both items have begun")

    running.process.send_signal(signum)
    code, output = running.finish()

    assert code == -signum
    assert "2 interrupted (LLD-42, LLD-57)" in output


def test_without_grace_it_is_over_within_two_seconds(shelf: Workspace) -> None:
    running = shelf.start(
        "parallel", "lld", "--all", "-j", "5", "--grace", "0", AGENTOS_EMBEDDED_LATENCY="60"
    )
    running.wait_for_children(5)
    wait_until(lambda: len(shelf.journals) == 5, "all have begun")

    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    code, _ = running.finish()

    assert time.monotonic() - began < 2
    assert code == -signal.SIGINT


def test_a_child_that_ignores_sigint_and_sigterm_is_killed_within_six_seconds(
    shelf: Workspace, tmp_path: Path
) -> None:
    # Signals are blocked until a child has handlers; this one never takes that step.
    stubborn = tmp_path / "stubborn"
    stubborn.mkdir()
    (stubborn / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "if 'agentos.child' in sys.orig_argv:\n"
        "    signal.signal = signal.pthread_sigmask = lambda *_: None\n"
    )
    shelf.keep_issues("042", "057")
    running = shelf.start(
        "parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="60", PYTHONPATH=str(stubborn)
    )
    children = running.wait_for_children(2)
    wait_until(lambda: len(shelf.journals) == 2, "both items have begun")

    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()

    assert time.monotonic() - began < 6
    assert code == -signal.SIGINT
    assert "LLD-42 is still running in step draft: SIGTERM" in output
    assert "LLD-42 does not end in step draft: SIGKILL" in output
    assert still_running(children, after=0) == []
    assert len(shelf.journals) == 2


def test_a_second_and_third_ctrl_c_do_not_wait_for_the_grace(
    shelf: Workspace, tmp_path: Path
) -> None:
    shelf.keep_issues("042")
    running = shelf.start(
        "parallel", "lld", "--all", "--grace", "60", AGENTOS_EMBEDDED_LATENCY="60"
    )
    running.wait_for_children(1)
    wait_until(lambda: shelf.journals, "the item has begun")

    running.process.send_signal(signal.SIGINT)
    wait_until(lambda: "Shutting down" in running.text(), "the first is heard")
    running.process.send_signal(signal.SIGINT)

    assert running.finish()[0] == -signal.SIGINT


def test_a_killed_child_fails_its_item_alone_and_is_resumed(shelf: Workspace) -> None:
    shelf.keep_issues("007", "042", "128")
    running = shelf.start(
        "parallel", "lld", "--all", "--retries", "0", AGENTOS_EMBEDDED_LATENCY="3"
    )
    wait_until(lambda: "draft" in shelf.steps("step_started").get("LLD-7", ()), "LLD-7 drafts")
    victim = next(c for c in running.children() if "_7.db" in c.environ()["AGENTOS_WORKFLOW_DB"])
    victim.kill()

    code, output = running.finish()

    assert code == 1
    assert "[LLD-7] FAILED: the child was ended by SIGKILL" in output
    assert "1 failed (LLD-7)" in output
    assert shelf.journals == ["lld_workflow_7.db"]
    assert "failed after context: the child was ended by SIGKILL" in shelf.run("status")[1]
    assert_resumes(shelf, approved=2, thin=1)


def test_a_killed_parent_takes_its_children_along_and_its_run_is_closed(shelf: Workspace) -> None:
    running = shelf.start("parallel", "lld", "--all", "-j", "5", **SLOW)
    wait_for_a_draft(shelf)
    children = running.wait_for_children(1)

    running.process.kill()
    running.process.wait()

    assert still_running(children, after=2) == []
    assert not (shelf.runs[0] / "summary.json").exists()
    assert_resumes(shelf)
    first, second = shelf.runs
    assert shelf.summary(first)["closed_by"] == second.name
    assert "interrupted" in {item["outcome"] for item in shelf.summary(first)["items"].values()}


def test_parent_and_children_killed_at_one_instant(shelf: Workspace) -> None:
    running = shelf.start("parallel", "lld", "--all", "-j", "5", **SLOW)
    wait_for_a_draft(shelf)
    running.kill_all()

    assert_resumes(shelf)


def test_a_stopped_child_dies_with_its_killed_parent(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    running = shelf.start("parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="60")
    [child] = running.wait_for_children(1)
    wait_until(lambda: shelf.journals, "the item has begun")
    wait_until(lambda: "draft" in json.dumps(shelf.steps("step_started")), "it waits for a draft")
    child.suspend()

    running.process.kill()
    running.process.wait()

    assert still_running([child], after=2) == []


def test_sigint_to_a_single_item_in_the_foreground(shelf: Workspace) -> None:
    running = shelf.start("lld", "42", "--grace", "0", AGENTOS_EMBEDDED_LATENCY="60")
    wait_until(lambda: shelf.journals, "the item has begun")

    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()

    assert code == -signal.SIGINT
    assert "the same command resumes" in output
    assert shelf.run("lld", "42")[0] == 0


def test_a_single_item_is_refused_while_a_batch_works_on_it(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    running = shelf.start("parallel", "lld", "--all", AGENTOS_EMBEDDED_LATENCY="60")
    wait_until(lambda: "draft" in shelf.steps("step_started").get("LLD-42", ()), "it drafts")

    assert re.search(r"^LLD-42 +running, after context ", shelf.run("status")[1], re.MULTILINE)
    code, output = shelf.run("lld", "42")

    assert code == 2
    assert "Another process is working on this item and holds its journal" in output
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGINT)
    running.finish()


def test_a_second_batch_names_the_first_and_stops(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    running = shelf.start("parallel", "lld", "--all", "--grace", "0", AGENTOS_EMBEDDED_LATENCY="60")
    running.wait_for_children(1)

    code, output = shelf.run("parallel", "lld", "--all")

    assert code == 2
    assert f"process {running.process.pid}, started 20" in output
    running.process.send_signal(signal.SIGINT)
    assert running.finish()[0] == -signal.SIGINT


def test_a_closed_stdout_stops_the_run_kindly(shelf: Workspace) -> None:
    read_fd, write_fd = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "agentos", "parallel", "lld", "--all", "--project", str(shelf.root)],
        stdout=write_fd,
        stderr=subprocess.DEVNULL,
        env=os.environ | SLOW,
    )
    os.close(write_fd)
    os.read(read_fd, 1)
    os.close(read_fd)

    assert process.wait(30) == 1
    assert processes_of(shelf.root) == []
    assert_resumes(shelf)


def test_a_child_that_is_held_up_outside_of_a_call_dies_with_its_killed_parent(
    shelf: Workspace,
) -> None:
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

        assert still_running(children, after=2) == []
    assert shelf.run("parallel", "issue", "--all")[0] in (0, 3)
    shelf.assert_no_step_ran_twice()


def test_a_reader_that_leaves_before_the_summary_is_told_by_the_exit_code(
    shelf: Workspace,
) -> None:
    shelf.keep_issues("042")
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    process = subprocess.Popen(
        [sys.executable, "-m", "agentos", "parallel", "lld", "--all", "-q"],
        cwd=shelf.root,
        stdout=write_fd,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_fd)

    assert process.wait(60) == 1
