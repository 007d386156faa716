"""A single item that is stopped, and a batch that nobody reads; the rest is in tests/faults."""

import os
import re
import signal
import subprocess
import sys

from command import Workspace, processes_of, wait_until
from faults import SLOW, assert_resumes


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
