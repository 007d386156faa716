"""A parent with one child on the product's engine and nothing else: `small_parent.py FOLDER SCENE`.

It prints what the child tells, and in the end the outcome or the error.
"""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import child_programs

from agentos.core.child_spec import ChildSpec, ItemSpec, LeaseAccess
from agentos.core.errors import EngineError
from agentos.core.events import ChildStarted, Decided, Event
from agentos.core.items import Item, Kind
from agentos.core.model_settings import ModelSettings
from agentos.engines.escalation import Limits
from agentos.engines.local import LocalEngine


class _NoRelay:
    def start(self, on_fault: Callable[[Exception], None]) -> None:
        """Nobody reads what the child prints."""

    def finish(self, timeout: float) -> None:
        """Nothing is moved."""


class SmallParent:
    """Runs one child at a call."""

    def __init__(self, folder: Path) -> None:
        model = ModelSettings("embedded")
        item = Item(Kind.LLD, "42", "", folder)
        self._spec = ChildSpec(
            ItemSpec(item, folder, folder, model, model, rounds=1, grace=3600.0),
            LeaseAccess("", b"", ()),
        )

    def run(self, program: str) -> None:
        engine = LocalEngine(
            environment=os.environ,
            relay=lambda _label, _fd: _NoRelay(),
            publish=self.hear,
            mask=str,
            limits=Limits(3600.0),
            command=(sys.executable, "-P", child_programs.__file__, program),
        )
        try:
            say(engine.run(self._spec).verdict().outcome)
        except EngineError as error:
            say(f"{type(error).__name__}: {error}")

    def hear(self, event: Event) -> None:
        if isinstance(event, Decided):
            say(event.reason)


class WithoutThreads(SmallParent):
    """Its user has no room for more once the child is there."""

    def hear(self, event: Event) -> None:
        if isinstance(event, ChildStarted):
            allow_processes(1)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - stdout is what the test reads


def allow_processes(count: int | None = None) -> None:
    """Limit the processes and threads of this user; None: as many as there may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (hard if count is None else count, hard))


def without_processes(folder: Path) -> None:
    allow_processes(1)
    SmallParent(folder).run(child_programs.reports.__name__)
    allow_processes()
    SmallParent(folder).run(child_programs.reports.__name__)


def without_threads(folder: Path) -> None:
    WithoutThreads(folder).run(child_programs.reports.__name__)
    allow_processes()
    SmallParent(folder).run(child_programs.reports.__name__)


def dies_before_its_child(folder: Path) -> None:
    SmallParent(folder).run(child_programs.ends_with_its_parent.__name__)


def command(folder: Path, scene: str) -> list[str]:
    """What to start."""
    return [sys.executable, __file__, str(folder), scene]


SCENES = (without_processes, without_threads, dies_before_its_child)

if __name__ == "__main__":
    {scene.__name__: scene for scene in SCENES}[sys.argv[2]](Path(sys.argv[1]))
