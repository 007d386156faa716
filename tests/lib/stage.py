"""The engine of the product with a child of the test's own on it, and all that comes of it."""

import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import child_programs
import pytest
from child_programs import POKE, Parent
from command import wait_until

from agentos.core.child_spec import ChildSpec, ItemSpec, LeaseAccess
from agentos.core.clock import Clock
from agentos.core.events import ChildStarted, Decided, Event, Notice, StepStarted
from agentos.core.items import Item, Kind
from agentos.core.masking import Masker
from agentos.core.model_settings import ModelSettings
from agentos.engines.engine import ChildEnd
from agentos.engines.escalation import Limits
from agentos.engines.local import LocalEngine
from agentos.engines.machine_memory import available_memory
from agentos.engines.relay import OutputRelay
from agentos.engines.supervised_child import SupervisedChild
from agentos.workflows.parallel.output_prefixer import Stream

PATIENCE = 60
"""Seconds that nothing here takes."""

PROGRAMS = str(Path(child_programs.__file__))


class Screen:
    def __init__(self) -> None:
        self.shown = b""

    def write(self, chunk: bytes, /) -> None:
        self.shown += chunk

    def flush(self) -> None:
        """Nothing is held."""


class Stage:
    """An engine, one child on it, and all that comes of it."""

    def __init__(
        self,
        folder: Path,
        program: Callable[[Parent], None],
        *,
        grace: float = 0.0,
        timeout: float = math.inf,
        idle_timeout: float = math.inf,
        clock: Clock = time.monotonic,
        available_memory: Callable[[], int] = available_memory,
        arguments: tuple[str, ...] = (),
        screen: Stream | None = None,
    ) -> None:
        self._folder = folder
        self.log = self.log_of("LLD-42")
        self.screen = Screen()
        self._stream = screen or self.screen
        self.events: list[Event] = []
        self.engine = LocalEngine(
            environment=os.environ,
            relay=self.relay,
            publish=self.publish,
            mask=Masker(["sk-0123456789"]).mask,
            limits=Limits(grace, timeout, idle_timeout),
            command=(sys.executable, "-P", PROGRAMS, program.__name__, *arguments),
            available_memory=available_memory,
            clock=clock,
        )
        self.spec = ChildSpec(
            ItemSpec(
                Item(Kind.LLD, "42", "A title", folder / "042-a-title.md"),
                project=folder,
                state=folder / ".agentos",
                drafter=ModelSettings("embedded"),
                reviewer=ModelSettings("embedded"),
                rounds=3,
                grace=grace,
            ),
            LeaseAccess("", b"", ()),
        )
        self._published: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[ChildEnd] = queue.SimpleQueue()

    def log_of(self, label: str) -> Path:
        return self._folder / f"{label}.log"

    def relay(self, label: str, fd: int) -> OutputRelay:
        return OutputRelay(
            fd,
            f"[{label}]",
            log=self.log_of(label).open("wb", buffering=0),
            masker=Masker(()),
            stream=self._stream,
            on_error=lambda error: pytest.fail(str(error)),
        )

    def publish(self, event: Event) -> None:
        self.events.append(event)
        self._published.put(event)

    def start(self, item: str = "42") -> "Stage":
        work = replace(self.spec.work, item=replace(self.spec.work.item, id=item))
        spec = replace(self.spec, work=work)
        threading.Thread(target=lambda: self._ends.put(self.engine.run(spec)), daemon=True).start()
        return self

    def end(self) -> ChildEnd:
        return self._ends.get(timeout=PATIENCE)

    def run(self) -> ChildEnd:
        return self.start().end()

    def stop(self) -> "Stage":
        self.engine.stop()
        return self

    def await_step(self) -> "Stage":
        """Until the child is at work."""
        return self._await(lambda event: isinstance(event, StepStarted))

    def await_told(self, decision: str) -> "Stage":
        return self._await(lambda event: isinstance(event, Decided) and event.decision == decision)

    def _await(self, wanted: Callable[[Event], bool]) -> "Stage":
        while not wanted(self._published.get(timeout=PATIENCE)):
            pass
        return self

    def await_noted(self, step: str) -> "Stage":
        """Until the engine counts the child as being at that step, as it will say."""
        wait_until(lambda: any(c._step == step for c in self._children), f"{step} is noted")
        return self

    def await_patience(self, seconds: float) -> "Stage":
        """Until the engine is so long from the limit that is next for the child."""
        wait_until(
            lambda: any(child._escalation.wait() == seconds for child in self._children),
            f"{seconds} s are left",
            patience=PATIENCE,
        )
        return self

    def await_pause(self) -> "Stage":
        """Until the engine holds the time limit."""
        wait_until(self._is_held, "the time limit is held")
        return self

    def await_end_of_pause(self) -> "Stage":
        wait_until(lambda: not self._is_held(), "the time limit runs again")
        return self

    def _is_held(self) -> bool:
        return any(child._escalation.wait() is None for child in self._children)

    @property
    def _children(self) -> list[SupervisedChild]:
        return list(self.engine._running)

    def poke(self, signum: signal.Signals = POKE) -> "Stage":
        """A signal to every child."""
        for pid in self.pids:
            os.kill(pid, signum)
        return self

    @property
    def pid(self) -> int:
        return self.pids[0]

    @property
    def pids(self) -> list[int]:
        return [event.pid for event in self.events if isinstance(event, ChildStarted)]

    @property
    def told(self) -> dict[str, str]:
        return {e.decision: e.reason for e in self.events if isinstance(e, Decided)}

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]
