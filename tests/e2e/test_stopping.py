"""A single item that is stopped, and a batch that nobody reads; the rest is in tests/faults."""

import re
import signal
from pathlib import Path

from command import Workspace, wait_until
from faults import patched


def test_sigint_to_a_single_item_in_the_foreground(shelf: Workspace) -> None:
    running = shelf.start("lld", "42", "--grace", "0", AGENTOS_EMBEDDED_LATENCY="60")
    wait_until(lambda: shelf.journals, "the item has begun")

    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()

    assert code == -signal.SIGINT
    assert "the same command resumes" in output
    assert shelf.run("lld", "42")[0] == 0


# SIGINT as the record of a run is closed, which is after its last item.
AT_THE_LAST_MOMENT = """
import os, signal, sys
if 'agentos.child' not in sys.orig_argv:
    from agentos.records.run_folder import RunFolder
    close = RunFolder.close
    def trap(folder, code):
        os.kill(os.getpid(), signal.SIGINT)
        close(folder, code)
    RunFolder.close = trap
"""


def test_a_signal_in_the_last_moment_of_a_run_counts(shelf: Workspace, tmp_path: Path) -> None:
    shelf.keep_issues("042")
    code, output = shelf.run(
        "parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, AT_THE_LAST_MOMENT)
    )
    assert code == -signal.SIGINT
    assert "1 approved" in output
    assert shelf.run("parallel", "lld", "--all")[0] == 0


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
