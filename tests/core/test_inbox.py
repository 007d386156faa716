import os
import queue
import signal
import subprocess
import sys
from functools import partial

import psutil
import pytest
from command import wait_until

from agentos.core.inbox import HEARTBEAT, next_word

TRIES = 40
WAITING = """
import os, queue, signal, threading
from agentos.core.inbox import next_word
inbox = queue.SimpleQueue()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda signum, frame: inbox.put(signum))
for _ in range(2):
    threading.Thread(target=os.read, args=(os.pipe()[0], 1), daemon=True).start()
print("waiting", flush=True)
for _ in range(2):
    print(int(next_word(inbox)), flush=True)
"""


class Silent(queue.SimpleQueue[int]):
    """A queue on which nothing comes, with the clock that its waits move."""

    def __init__(self) -> None:
        self.now = 0.0

    def get(self, block: bool = True, timeout: float | None = None) -> int:
        assert timeout is not None
        assert 0 <= timeout <= HEARTBEAT
        self.now += timeout
        raise queue.Empty


def test_a_word_that_is_there_is_given_at_once() -> None:
    inbox: queue.SimpleQueue[int] = queue.SimpleQueue()
    inbox.put(7)
    assert next_word(inbox) == 7


def test_no_wait_is_longer_than_a_heartbeat_and_all_of_them_together_last_as_told() -> None:
    inbox = Silent()
    with pytest.raises(queue.Empty):
        next_word(inbox, 1.1, clock=lambda: inbox.now)
    assert inbox.now == pytest.approx(1.1)


def test_a_time_that_is_over_is_not_waited_for() -> None:
    inbox = Silent()
    with pytest.raises(queue.Empty):
        next_word(inbox, -5.0, clock=lambda: inbox.now)
    assert inbox.now == 0


def _sleeps(pid: int) -> bool:
    """Whether the main thread does."""
    return psutil.Process(pid).status() == psutil.STATUS_SLEEPING


def test_two_signals_at_once_are_both_heard() -> None:
    for _ in range(TRIES):
        process = subprocess.Popen(
            [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        wait_until(partial(_sleeps, process.pid), "it sleeps")
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGTERM)
        heard, _ = process.communicate(timeout=30)
        assert sorted(map(int, heard.split())) == [signal.SIGINT, signal.SIGTERM]
