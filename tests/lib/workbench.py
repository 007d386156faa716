"""Steps on a real journal, with all that they say and emit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agentos.core.events import Event
from agentos.workflows.journal import Journal, JournalIdentity
from agentos.workflows.steps import Steps

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
IDENTITY = JournalIdentity("LLD-42", 1, "a" * 64, ("embedded",))


class Workbench:
    """One item's journal, which can be opened again and again as by one run after the other."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lld_workflow_42.db"
        self.events: list[Event] = []
        self.said: list[str] = []

    @contextmanager
    def steps(self, check: Callable[[], None] = lambda: None) -> Iterator[Steps]:
        """What one run works with; its events and sayings begin anew. Each call takes 0.5 s."""
        self.events.clear()
        self.said.clear()
        times = iter(n / 2 for n in range(1000))
        with Journal.open(self.path, IDENTITY, now=lambda: NOON) as journal:
            yield Steps(
                journal,
                self.events.append,
                self.said.append,
                check=check,
                clock=lambda: next(times),
                now=lambda: NOON,
            )
