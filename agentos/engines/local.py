"""Children on this machine: one process each, with three threads that watch it.

The calling thread decides; the pump moves output, one thread reads events, one waits for the end.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import psutil

from agentos.core.child_spec import ChildSpec
from agentos.core.clock import Clock
from agentos.core.events import Event
from agentos.core.paths import JOURNAL_VARIABLE, StatePaths
from agentos.core.shortage import shortage
from agentos.engines.child_process import CHILD_COMMAND, ChildProcess
from agentos.engines.descriptor_gate import (
    DescriptorGate,
    descriptor_limit,
    descriptors_in_use,
)
from agentos.engines.engine import ChildEnd
from agentos.engines.escalation import Limits
from agentos.engines.machine_memory import available_memory
from agentos.engines.memory_gate import MemoryGate
from agentos.engines.orphans import Orphans
from agentos.engines.parenthood import become_subreaper
from agentos.engines.pausable_clock import PausableClock
from agentos.engines.supervised_child import SupervisedChild
from agentos.engines.words import Word
from agentos.process_tree import kill_strays, until_nothing_is_left

DRAIN_TIMEOUT = 6.0
"""Seconds that the last output may take: a console that does not keep up holds it back for 5."""


class Relay(Protocol):
    """Moves one child's output to where people see it."""

    def start(self, on_fault: Callable[[Exception], None]) -> None:
        """Begin, on a thread of its own; `on_fault` hears from it what ended it before its time."""

    def finish(self, timeout: float) -> None:
        """Move what is left and end; a grandchild that keeps the pipe open is not waited for."""


class LocalEngine:
    """Runs children as processes of this machine.

    `relay(label, fd)` gives the pump for a child's output. `environment` must hold no secret;
    the journal's path is added for each child.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        relay: Callable[[str, int], Relay],
        publish: Callable[[Event], None],
        mask: Callable[[str], str],
        limits: Limits,
        command: tuple[str, ...] = CHILD_COMMAND,
        available_memory: Callable[[], int] = available_memory,
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
        self._limits = limits
        self._command = command
        self._clock = PausableClock(clock)
        self._lock = threading.Lock()
        self._running: set[SupervisedChild] = set()
        self._wishes = 0
        self._memory = MemoryGate(available=available_memory, running=self._memory_in_use)
        self._descriptors = DescriptorGate(limit=descriptor_limit, in_use=descriptors_in_use)
        self._why_no_room = ""
        become_subreaper()
        self._orphans = Orphans()

    def run(self, spec: ChildSpec) -> ChildEnd:
        """Run one child to its end; blocks the calling thread.

        Raises EngineError when it cannot be started or watched.
        """
        journal = StatePaths(spec.work.state).journal_of(spec.work.item)
        child, events_fd = self._start(spec.work.item.label, journal)
        relay: Relay | None = None

        def finish_output() -> None:
            if relay is not None:
                relay.finish(DRAIN_TIMEOUT)

        with contextlib.ExitStack() as ending:  # each of it, the last first, whatever another meets
            ending.callback(child.close)
            ending.callback(finish_output)
            ending.callback(until_nothing_is_left, lambda: self._end_what_is_left_of(child))
            ending.callback(self._forget, child)
            ending.callback(child.end_now)
            self._publish(child.birth())
            relay = self._relay(child.label, child.process.output_fd)
            relay.start(child.inbox.put)
            child.process.tell(replace(spec, events_fd=events_fd).to_json())
            child.watch(self._mask)
        return child.end()

    def _forget(self, child: SupervisedChild) -> None:
        self._memory.note_peak(child.process.peak_memory)
        with self._lock:
            self._running.remove(child)

    def _end_what_is_left_of(self, child: SupervisedChild) -> bool:
        with self._lock:
            found = self._orphans.end(
                children={one.process.pid for one in self._running if not one.process.has_ended},
                journals={one.journal for one in self._running},
            )
        return found or kill_strays(child.journal)

    def _start(self, label: str, journal: Path) -> tuple[SupervisedChild, int]:
        # Under the lock, for a stop must reach every child that runs, and who ends orphans must not
        # take for one what is not among the children yet.
        with self._lock:
            process, events_fd = ChildProcess.start(
                self._command, self._environment | {JOURNAL_VARIABLE: str(journal)}
            )
            child = SupervisedChild(
                label,
                journal,
                process,
                limits=self._limits,
                clock=self._clock,
                publish=self._publish,
            )
            self._running.add(child)
            for _ in range(self._wishes):
                child.inbox.put(Word.STOP)
        return child, events_fd

    def has_room(self, running: int) -> bool:
        """Whether there are memory and descriptors for one more beside so many items that run."""
        gates = (self._memory, self._descriptors)
        try:
            full = (gate.why_not() for gate in gates if not gate.has_room(running))
            self._why_no_room = next(full, "")
        except (OSError, psutil.Error) as error:
            why = shortage(error) or str(error)
            self._why_no_room = f"what the machine has left cannot be told: {why}"
        return not self._why_no_room

    def why_no_room(self) -> str:
        """Why there was none the last time, without a full stop; empty if there was."""
        return self._why_no_room

    def _memory_in_use(self) -> list[int]:
        with self._lock:
            running = list(self._running)
        return [child.process.memory() for child in running]

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hold every child and its deadlines still for the block; none starts meanwhile."""
        with self._lock, self._clock.held():
            children = list(self._running)
            for child in children:
                child.process.pause()
            try:
                yield
            finally:
                for child in children:
                    child.process.resume()

    def stop(self) -> None:
        """Pass on one wish to end to every running child; a further call firmer than the last."""
        with self._lock:
            self._wishes += 1
            for child in self._running:
                child.inbox.put(Word.STOP)
