"""Children on this machine: one process each, with three threads that watch it.

The calling thread decides; the pump moves output, one thread reads events, one waits for the end.
All of them report to the child's inbox, which the calling thread reads with the next deadline as
its timeout.
"""

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from agentos.core.child_spec import ChildSpec
from agentos.core.clock import Clock
from agentos.core.events import (
    ChildStarted,
    Event,
    LeaseGranted,
    LeaseRequested,
    Notice,
    Reported,
    StepFinished,
    StepStarted,
)
from agentos.core.paths import JOURNAL_VARIABLE, StatePaths
from agentos.engines.child_process import CHILD_COMMAND, ChildProcess
from agentos.engines.engine import ChildEnd
from agentos.engines.escalation import Action, Escalation
from agentos.engines.event_reader import read_events
from agentos.engines.parenthood import become_subreaper
from agentos.engines.process_tree import kill_strays, kill_tree, reap_adopted

EVENTS_TIMEOUT = 1.0
"""Seconds that the events pipe may be silent and yet open after its process has ended."""

DRAIN_TIMEOUT = 6.0
"""Seconds that the last output may take: a console that does not keep up holds it back for 5."""


class Relay(Protocol):
    """Moves one child's output to where people see it."""

    def start(self) -> None:
        """Begin, on a thread of its own."""

    def finish(self, timeout: float) -> None:
        """Move what is left and end; a grandchild that keeps the pipe open is not waited for."""


class _Word:
    """What a child's inbox may hold."""

    STOP = "stop"
    ENDED = "ended"


class LocalEngine:
    """Runs children as processes of this machine.

    `relay(label, fd)` gives the pump for a child's output. `environment` must hold no secret;
    the journal's path is added for each child. `grace` and `timeout` are in seconds.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        relay: Callable[[str, int], Relay],
        publish: Callable[[Event], None],
        mask: Callable[[str], str],
        grace: float,
        timeout: float | None,
        command: tuple[str, ...] = CHILD_COMMAND,
        clock: Clock = time.monotonic,
    ) -> None:
        self._environment = dict(environment) | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONIOENCODING": "utf-8:backslashreplace",  # no text of a model stops a child
        }
        self._relay = relay
        self._publish = publish
        self._mask = mask
        self._grace = grace
        self._timeout = timeout
        self._command = command
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[int, _Supervised] = {}
        self._wishes = 0
        become_subreaper()

    def run(self, spec: ChildSpec) -> ChildEnd:
        """Run one child to its end; blocks the calling thread.

        Raises EngineError when it cannot be started.
        """
        journal = StatePaths(spec.work.state).journal_of(spec.work.item)
        child, events_fd = self._start(spec.work.item.label, journal)
        relay: Relay | None = None
        try:
            self._publish(child.birth())
            relay = self._relay(child.label, child.process.output_fd)
            relay.start()
            child.process.tell(replace(spec, events_fd=events_fd).to_json())
            child.watch(self._mask)
        finally:
            child.end_now()
            if relay is not None:
                relay.finish(DRAIN_TIMEOUT)
            child.close()
            with self._lock:
                del self._running[child.process.pid]
                reap_adopted(self._running)
        return child.end(self._timeout)

    def _start(self, label: str, journal: Path) -> tuple["_Supervised", int]:
        # Under the lock, for a stop must reach every child that runs, and reaping adopted orphans
        # must not meet a child that is not in the table yet.
        with self._lock:
            process, events_fd = ChildProcess.start(
                self._command, self._environment | {JOURNAL_VARIABLE: str(journal)}
            )
            child = _Supervised(
                label,
                journal,
                process,
                Escalation(grace=self._grace, timeout=self._timeout, clock=self._clock),
                self._publish,
            )
            self._running[process.pid] = child
            for _ in range(self._wishes):
                child.inbox.put(_Word.STOP)
        return child, events_fd

    def stop(self) -> None:
        """Pass on one wish to end to every running child; a further call firmer than the last."""
        with self._lock:
            self._wishes += 1
            for child in self._running.values():
                child.inbox.put(_Word.STOP)


class _Supervised:
    """A child with what is known of it and what is still due to it."""

    def __init__(
        self,
        label: str,
        journal: Path,
        process: ChildProcess,
        escalation: Escalation,
        publish: Callable[[Event], None],
    ) -> None:
        self.inbox: queue.SimpleQueue[str | Event | Exception] = queue.SimpleQueue()
        self.label = label
        self.process = process
        self._journal = journal
        self._escalation = escalation
        self._publish = publish
        self._report: Reported | None = None
        self._step = ""
        self._asked_to_end = False
        self._events_reader: threading.Thread | None = None
        self._waiter: threading.Thread | None = None
        self._events_told = 0
        self._is_telling = False

    def birth(self) -> ChildStarted:
        """The event of its start."""
        return ChildStarted(item=self.label, pid=self.process.pid, created=self.process.created)

    def watch(self, mask: Callable[[str], str]) -> None:
        """Return when the process has ended and its events are read."""
        self._events_reader = self._thread(self._forward_events, mask)
        self._waiter = self._thread(self._await_end)
        while True:
            try:
                word = self.inbox.get(timeout=self._escalation.wait())
            except queue.Empty:
                word = ""
            if word == _Word.ENDED:
                break
            self._heed(word)
            while action := self._escalation.due():
                self._act(action)
        kill_strays(self._journal)  # they may hold the pipes open
        self._await_last_events(self._events_reader)
        with contextlib.suppress(queue.Empty):
            while True:
                self._heed(self.inbox.get_nowait())

    def _await_last_events(self, reader: threading.Thread) -> None:
        """Wait while events are told, however slowly; a grandchild's silent hold is no reason."""
        while reader.is_alive():
            told = self._events_told
            reader.join(EVENTS_TIMEOUT)
            if self._events_told == told and not self._is_telling:
                return

    def end_now(self) -> None:
        """Kill what still runs: after `watch` nothing does, after an error in its place all."""
        if self.process.popen.returncode is None:
            kill_tree(self.process.pid, self._journal)
        if self._waiter is not None:
            self._waiter.join()
        else:
            self._await_end()

    def close(self) -> None:
        """Close our ends of the pipes; whoever reads one has a descriptor of its own."""
        self.process.close()
        if self._events_reader is None:
            os.close(self.process.events_fd)

    def end(self, timeout: float | None) -> ChildEnd:
        """Sum up; to be called after `watch`."""
        return ChildEnd(
            report=self._report,
            returncode=self.process.popen.returncode,
            asked_to_end=self._asked_to_end,
            timed_out=timeout if self._escalation.timed_out else None,
            last_step=self._step,
        )

    def _heed(self, word: str | Event | Exception) -> None:
        match word:
            case Exception():
                raise word
            case _Word.STOP:
                self._asked_to_end = True
                self._escalation.wish()
            case "stopped":
                self._escalation.pause("stopped")
            case "continued":
                self._escalation.resume("stopped")
            case LeaseRequested():
                self._escalation.pause("lease")
            case LeaseGranted():
                self._escalation.resume("lease")
            case StepStarted(step=step):
                self._step = step
            case StepFinished():
                self._step = ""
            case Reported():
                self._report = word

    def _act(self, action: Action) -> None:
        late = f" in step {self._step}" if self._step else ""
        match action:
            case Action.INTERRUPT:
                self.process.signal(signal.SIGINT)
                self.process.signal(signal.SIGCONT)
            case Action.TERMINATE:
                self.process.signal(signal.SIGTERM)
                self.process.signal(signal.SIGCONT)
                self._say(f"{self.label} is still running{late}: SIGTERM")
            case Action.KILL:
                kill_tree(self.process.pid, self._journal)
                self._say(f"{self.label} does not end{late}: SIGKILL")

    def _say(self, text: str) -> None:
        self._publish(Notice(text=f"[COORDINATOR] {text}"))

    def _forward_events(self, mask: Callable[[str], str]) -> None:
        try:
            for event in read_events(self.process.events_fd, mask):
                own = replace(event, item=self.label)  # a child speaks for itself only
                self._is_telling = True
                self._publish(own)
                self._is_telling = False
                self._events_told += 1
                self.inbox.put(own)
        except Exception as error:  # noqa: BLE001 - raised again by `watch`
            self._is_telling = False
            self.inbox.put(error)
        finally:
            os.close(self.process.events_fd)  # which a grandchild may hold open for long

    def _await_end(self) -> None:
        for change in self.process.changes():
            self.inbox.put(change)
        self.inbox.put(_Word.ENDED)

    def _thread(self, target: Callable[..., None], *args: object) -> threading.Thread:
        thread = threading.Thread(
            target=target, args=args, name=f"{target.__name__}-{self.label}", daemon=True
        )
        thread.start()
        return thread
