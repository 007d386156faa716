"""One child under watch: what is known of it, and what is still due to it.

The calling thread decides. One thread reads the child's events, one waits for its end; both report
to the child's inbox, which the calling thread reads with the next deadline as its timeout.
"""

import contextlib
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from agentos.core.clock import Clock
from agentos.core.events import (
    ChildStarted,
    Event,
    Heartbeat,
    LeaseGranted,
    LeaseRequested,
    Notice,
    Reported,
    StepFinished,
    StepStarted,
)
from agentos.engines.awake_clock import LOOKED_AT_EVERY
from agentos.engines.child_process import ChildProcess
from agentos.engines.engine import ChildEnd
from agentos.engines.escalation import Action, Escalation, Limits
from agentos.engines.event_reader import read_events
from agentos.engines.lateness import Lateness
from agentos.engines.no_room import start_thread
from agentos.engines.pipe_reader import PipeReader
from agentos.engines.running_time import RunningTime
from agentos.engines.words import Word
from agentos.process_tree import kill_tree


class SupervisedChild:
    """A child with what is known of it and what is still due to it."""

    def __init__(
        self,
        label: str,
        journal: Path,
        process: ChildProcess,
        *,
        limits: Limits,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self.inbox: queue.SimpleQueue[Word | Event | Exception] = queue.SimpleQueue()
        self.label = label
        self.journal = journal
        self.process = process
        self._limits = limits
        self._running = RunningTime(clock)
        self._escalation = Escalation(limits, running=self._running, clock=clock)
        self._lateness = Lateness(self._running)
        self._publish = publish
        self._report: Reported | None = None
        self._step = ""
        self._asked_to_end = False
        self._events_reader: PipeReader | None = None
        self._waiter: threading.Thread | None = None

    def birth(self) -> ChildStarted:
        """The event of its start."""
        return ChildStarted(item=self.label, pid=self.process.pid)

    def watch(self, mask: Callable[[str], str]) -> None:
        """Return when the process has ended and its events are read."""
        self._events_reader = PipeReader(
            self.process.events_fd,
            f"_forward_events-{self.label}",
            lambda chunks: self._forward_events(chunks, mask),
            self.inbox.put,
        )
        self._events_reader.start()
        waiter = threading.Thread(
            target=self._await_end, name=f"_await_end-{self.label}", daemon=True
        )
        start_thread(waiter)
        self._waiter = waiter
        while (word := self._next_word()) is not Word.ENDED:
            if word is not None:
                self._heed(word)
            while action := self._escalation.due():
                self._act(action)
            if (seconds := self._lateness.due()) is not None:
                self._say(f"{self.label} has been in step {self._step} for {seconds / 60:.0f} min")
        self._events_reader.finish()
        with contextlib.suppress(queue.Empty):
            while True:
                self._heed(self.inbox.get_nowait())

    def _next_word(self) -> Word | Event | Exception | None:
        """None when a deadline came first."""
        try:
            return self.inbox.get(timeout=self._wait())
        except queue.Empty:
            return None

    def _wait(self) -> float | None:
        waits = (self._escalation.wait(), self._lateness.wait())
        seconds = [wait for wait in waits if wait is not None]
        return min(*seconds, LOOKED_AT_EVERY) if seconds else None

    def end_now(self) -> None:
        """Kill what still runs: after `watch` nothing does, after an error in its place all."""
        self._kill()
        if self._waiter is not None:
            self._waiter.join()
        else:
            self._await_end()
        if self._events_reader is not None:
            self._events_reader.finish()

    def _kill(self) -> None:
        if not self.process.has_ended:  # else its number may be another's
            kill_tree(self.process.pid, self.journal)

    def close(self) -> None:
        """Close our ends of the pipes; the relay has a descriptor of its own."""
        self.process.close()
        if self._events_reader is None:
            os.close(self.process.events_fd)

    def end(self) -> ChildEnd:
        """Sum up, after `watch`; raises what ended a thread of the child before its time."""
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(word := self.inbox.get_nowait(), Exception):
                    raise word
        return ChildEnd(
            report=self._report,
            returncode=self.process.popen.returncode,
            asked_to_end=self._asked_to_end,
            timed_out=self._limits.timeout if self._escalation.timed_out else None,
            silent_for=self._limits.idle_timeout if self._escalation.fell_silent else None,
            last_step=self._step,
        )

    def _heed(self, word: Word | Event | Exception) -> None:
        match word:
            case Exception():
                raise word
            case Event():
                self._escalation.heard()
                self._take_note(word)
            case Word.STOP:
                self._asked_to_end = True
                self._escalation.wish()
            case Word.STOPPED:
                self._running.pause("stopped")
            case Word.CONTINUED:
                self._running.resume("stopped")

    def _take_note(self, event: Event) -> None:
        match event:
            case LeaseRequested():
                self._running.pause("lease")
            case LeaseGranted():
                self._running.resume("lease")
            case StepStarted(step=step):
                self._step = step
                self._lateness.begin()
            case StepFinished():
                self._step = ""
                self._lateness.end()
            case Reported():
                self._report = event

    def _act(self, action: Action) -> None:
        late = f" in step {self._step}" if self._step else ""
        match action:
            case Action.INTERRUPT:
                self.process.signal(signal.SIGINT)
                self.process.signal(signal.SIGCONT)
            case Action.TERMINATE:
                self.process.signal(signal.SIGTERM)
                self.process.signal(signal.SIGCONT)
                self._say(f"{self.label} is still running{late}: SIGTERM", urgent=True)
            case Action.KILL:
                self._kill()
                self._say(f"{self.label} does not end{late}: SIGKILL", urgent=True)

    def _say(self, text: str, *, urgent: bool = False) -> None:
        self._publish(Notice(text=f"[COORDINATOR] {text}", urgent=urgent))

    def _forward_events(self, chunks: Iterator[bytes], mask: Callable[[str], str]) -> None:
        for event in read_events(chunks, mask):
            own = replace(event, item=self.label)  # a child speaks for itself only
            if not isinstance(own, Heartbeat):  # which is nobody else's business
                self._publish(own)
            self.inbox.put(own)

    def _await_end(self) -> None:
        try:
            for change in self.process.changes():
                self.inbox.put(change)
        except Exception as error:  # noqa: BLE001 - raised again by `watch`
            self.inbox.put(error)
