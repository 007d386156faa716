"""How a main thread waits for words that signal handlers put on its queue.

A handler runs only when the main thread executes bytecode. A signal that the kernel hands to
another thread, or to this one an instant before it falls asleep, does not wake it up: two that
come at once can be lost so until the next word. So no sleep is longer than a heartbeat.
"""

import queue
import time
from typing import TypeVar

from agentos.core.clock import Clock

WordT = TypeVar("WordT")

HEARTBEAT = 0.25
"""Seconds."""


def next_word(
    inbox: "queue.SimpleQueue[WordT]",
    timeout: float | None = None,
    *,
    clock: Clock = time.monotonic,
) -> WordT:
    """The next word; raises queue.Empty when none came within `timeout` seconds (None: ever)."""
    deadline = None if timeout is None else clock() + timeout
    while True:
        left = HEARTBEAT if deadline is None else min(HEARTBEAT, deadline - clock())
        try:
            return inbox.get(timeout=max(0.0, left))
        except queue.Empty:
            if deadline is not None and clock() >= deadline:
                raise
