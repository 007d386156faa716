"""A single item that is stopped, and a batch that nobody reads; the rest is in tests/faults."""

import re
import signal

from command import Workspace, wait_until


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
