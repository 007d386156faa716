"""A child's ends of the pipes to its parent."""

import contextlib
import dataclasses
import json
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from agentos.core.events import Event, encode
from agentos.engines.parenthood import continue_when_parent_dies
from agentos.interruption import ParentGone

LAST_WORDS = 1.0
"""Seconds that a child has to checkpoint and leave once its parent is gone."""


def take_stdin() -> int:
    """Move stdin to a descriptor of our own; whatever we start reads /dev/null instead."""
    lifeline = os.dup(0)  # not inherited
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return lifeline


def read_line(fd: int) -> str | None:
    """Read one line of ASCII; None when the writer is gone before its end."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(fd, 65536)
        if not chunk:
            return None
        line += chunk
    return line.decode("ascii")


def watch_lifeline(fd: int, inbox: "queue.SimpleQueue[Any]", give_up: Callable[[], object]) -> None:
    """Put ParentGone on the inbox when the lifeline ends, which it does however a parent dies.

    `give_up` is called LAST_WORDS later, if the process has not left by then.
    """
    continue_when_parent_dies()

    def watch() -> None:
        while os.read(fd, 4096):
            pass
        inbox.put(ParentGone())
        # Whatever the main thread is held up by: what counts is in the journal.
        time.sleep(LAST_WORDS)
        give_up()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def event_writer(fd: int, label: str) -> Callable[[Event], None]:
    """Give the function that sends events; a parent that is gone is no error here."""
    os.set_inheritable(fd, False)
    lock = threading.Lock()

    def emit(event: Event) -> None:
        line = json.dumps(encode(dataclasses.replace(event, item=label))).encode("ascii") + b"\n"
        with lock, contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(fd, line) :]

    return emit


def say(text: str) -> None:
    """Print a line for people, if one still reads."""
    with contextlib.suppress(OSError):
        print(text, flush=True)  # noqa: T201 - stdout is the channel
