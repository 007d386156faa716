"""A small parent: starts children as a run does, and kills them at instants that chance chooses."""

import contextlib
import math
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from processes import is_gone

from agentos.core.child_spec import ChildSpec, LeaseAccess
from agentos.core.config.environment import child_environment
from agentos.core.events import ChildStarted, Event, StepFinished, StepRestored, StepStarted
from agentos.core.items import Item
from agentos.core.masking import Masker
from agentos.core.paths import JOURNAL_VARIABLE
from agentos.engines.engine import ChildEnd
from agentos.engines.escalation import Limits
from agentos.engines.local import LocalEngine
from agentos.engines.relay import OutputRelay
from agentos.workflows.parallel import CredentialCoordinator
from agentos.workflows.parallel.lease_server import LeaseServer
from agentos.workflows.parallel.socket_folder import remove_socket_folder, socket_folder
from agentos.workspace.configuration import configure, read_layers
from agentos.workspace.finishing import finish_item
from agentos.workspace.project import Project

LAST_STEP = "finalize"


@dataclass(frozen=True, slots=True)
class Aim:
    """When a child is killed: `delay` seconds after the event of that number, counted from 0.

    The event of its start is the first. With `step` only that step's own events count.
    """

    number: int
    delay: float = 0.0
    step: str = ""

    def counts(self, event: Event) -> bool:
        """Whether the event is one of those that are counted."""
        return not self.step or getattr(event, "step", "") == self.step


@dataclass
class Pace:
    """How long an undisturbed child takes, and its last step, in seconds."""

    child: float
    last_step: float

    def aim(self, chance: random.Random) -> Aim:
        """At any instant of a child's life, at what it says, or at how it writes its document."""
        kind = chance.random()
        if kind < 0.3:
            return Aim(0, delay=chance.uniform(0, self.child))
        if kind < 0.6:
            return Aim(chance.randint(1, 20), delay=chance.choice((0.0, chance.uniform(0, 0.003))))
        if kind < 0.9:
            return Aim(0, delay=chance.uniform(0, 1.2 * self.last_step), step=LAST_STEP)
        return Aim(1, delay=chance.choice((0.0, chance.uniform(0, 0.003))), step=LAST_STEP)


@dataclass
class Attempt:
    """One child's life: what it said, and how it left."""

    aim: Aim | None = None
    events: list[Event] = field(default_factory=list)
    end: ChildEnd | None = None
    seconds: float = 0.0
    _counted: int = 0
    _process: psutil.Process | None = None
    _timer: threading.Timer | None = None

    def hear(self, event: Event) -> None:
        """Note the event, and kill where it is the one that is aimed at."""
        self.events.append(event)
        if isinstance(event, ChildStarted):
            with contextlib.suppress(psutil.NoSuchProcess):
                self._process = psutil.Process(event.pid)
        if self.aim is None or not self.aim.counts(event):
            return
        self._counted += 1
        if self._counted == self.aim.number + 1:
            self._timer = threading.Timer(self.aim.delay, self._kill)
            if self.aim.delay:
                self._timer.start()
            else:
                self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process is not None:
                self._process.kill()

    def over(self, end: ChildEnd, seconds: float) -> None:
        """The child has gone."""
        if self._timer is not None:
            self._timer.cancel()
        self.end, self.seconds = end, seconds

    @property
    def was_killed(self) -> bool:
        """Whether the kill came before its end."""
        return self.end is not None and self.end.returncode == -signal.SIGKILL

    def steps(self, *kinds: type[Event]) -> list[str]:
        """Names of the steps in events of these kinds, in their order."""
        return [
            event.step
            for event in self.events
            if isinstance(event, StepStarted | StepFinished | StepRestored)
            and isinstance(event, kinds)
        ]

    def pace(self) -> Pace:
        """What an undisturbed child shows of the time that all take."""
        [last] = [
            event.seconds
            for event in self.events
            if isinstance(event, StepFinished) and event.step == LAST_STEP
        ]
        return Pace(self.seconds, last)


class LendingParent:
    """An engine and leases; several threads may use them, each for an item of its own."""

    def __init__(self, logs: Path, environ: Mapping[str, str]) -> None:
        self._logs = logs
        self._configuration = configure(read_layers(logs, environ), environ)
        self._attempts: dict[str, Attempt] = {}
        self._engine = LocalEngine(
            environment=child_environment(environ, self._configuration.configured),
            relay=self._relay,
            publish=self._publish,
            mask=lambda text: text,
            limits=Limits(grace=3.0, timeout=math.inf),
        )
        self._sockets = socket_folder(environ)
        coordinator = CredentialCoordinator(self._configuration.lent, notify=lambda _: None)
        self._leases = LeaseServer(coordinator, self._sockets)

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """Lend to children for the block."""
        self._leases.start()
        try:
            yield
        finally:
            self._leases.stop()
            remove_socket_folder(self._sockets)

    def attempt(self, project: Project, item: Item, aim: Aim | None = None) -> Attempt:
        """Start one child, kill it where that is asked for, and return when it has gone."""
        attempt = self._attempts[item.label] = Attempt(aim)
        work = self._configuration.spec(project, item, grace=3.0, again=False)
        tokens = tuple(self._leases.issue_tokens(item.label, 2))
        access = LeaseAccess(self._leases.address, bytes(self._leases.authkey), tokens)
        began = time.monotonic()
        end = self._engine.run(ChildSpec(work, access))
        attempt.over(end, time.monotonic() - began)
        self._leases.revoke(item.label)
        _assert_none_is_left(attempt, project.state.journal_of(item))
        return attempt

    def finish(self, project: Project, item: Item, attempt: Attempt) -> None:
        """A run's part of the item's end."""
        assert attempt.end is not None
        report = attempt.end.verdict()
        assert report.outcome.is_finished, (report, self._log(item.label).read_text())
        finish_item(project, item, report, seconds=0.0, run_id=None, publish=self._publish)

    def _publish(self, event: Event) -> None:
        self._attempts[event.item].hear(event)

    def _relay(self, label: str, fd: int) -> OutputRelay:
        return OutputRelay(
            fd,
            "",
            log=self._log(label).open("ab", buffering=0),
            masker=Masker(()),
            stream=_Nobody(),
            on_error=_raise,
        )

    def _log(self, label: str) -> Path:
        return self._logs / f"{label}.log"


def _assert_none_is_left(attempt: Attempt, journal: Path) -> None:
    pids = [event.pid for event in attempt.events if isinstance(event, ChildStarted)]
    assert [pid for pid in pids if not is_gone(pid)] == []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            assert process.environ().get(JOURNAL_VARIABLE) != str(journal), process


class _Nobody:
    def write(self, chunk: bytes, /) -> None:
        """Who wants to know looks at the log."""

    def flush(self) -> None:
        """Nothing is held."""


def _raise(error: OSError) -> None:
    raise error
