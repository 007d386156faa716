"""Items that are added to a project, killed over and over, and finished, until all kills are done.

Every item is first done without a kill in the project's twin. That says what has to come out, and
how long an undisturbed child takes.
"""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from killed_children import Attempt, LendingParent
from random_backlog import RandomBacklog
from wholeness import Twin, journal_of_a_killed

from agentos.core.events import StepFinished, StepRestored, StepStarted
from agentos.core.hashing import sha256
from agentos.core.items import Item, Kind
from agentos.publishing.documents import lld_path
from agentos.records.state_folder import prepare_state
from agentos.workspace.project import Project, open_project

AT_A_TIME = 2


class Story:
    """One item's attempts, each checked against what was on disk before it and is there now."""

    def __init__(self, project: Project, item: Item, twin: Twin) -> None:
        self._project = project
        self._item = item
        self._twin = twin
        self._recorded: tuple[str, ...] = ()
        self._finished: Counter[str] = Counter()

    def add(self, attempt: Attempt) -> None:
        """To be called when the child has gone, and before anything else touches the item."""
        journal = journal_of_a_killed(self._project.state.journal_of(self._item))
        before, self._recorded = self._recorded, journal.steps
        told = attempt.steps(StepFinished)
        assert set(before).isdisjoint(attempt.steps(StepStarted)), "a recorded step ran again"
        assert set(before).issuperset(attempt.steps(StepRestored)), "restored, but from nowhere"
        assert set(journal.steps).issuperset(told), "told as finished, and not recorded"
        assert journal.steps[: len(before)] == before, "a recorded step is lost"
        self._finished.update(told)
        assert max(self._finished.values(), default=0) <= 1, self._finished
        self._twin.assert_whole(self._project.root)
        self._assert_hash_is_noted(journal.notes.get("document_hash", ""))

    def _assert_hash_is_noted(self, noted: str) -> None:
        if self._item.kind is Kind.LLD:
            document = lld_path(self._project.root, self._item.id)
            assert not document.exists() or sha256(document.read_bytes()) == noted


class ChildRound:
    """So many kills of children, over as many items as they take."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *, seed: int, kills: int) -> None:
        self._backlog, self._twin_backlog = (
            RandomBacklog(folder / name, seed) for name in ("shelf", "twin")
        )
        self._project, self._twin_project = (
            open_project(backlog.root, environ) for backlog in (self._backlog, self._twin_backlog)
        )
        self._twin = Twin(self._twin_project.root)
        logs = folder / "logs"
        logs.mkdir()
        self._parent = LendingParent(logs, environ)
        self._seed = seed
        self._kinds = random.Random(seed)
        self._kills_left = kills
        self._lock = threading.Lock()

    def run(self) -> None:
        """Raises AssertionError for whatever a kill has broken."""
        for project in (self._project, self._twin_project):
            prepare_state(project.state, project.root)
        with self._parent.lending(), ThreadPoolExecutor(AT_A_TIME) as threads:
            for done in [threads.submit(self._work) for _ in range(AT_A_TIME)]:
                done.result()
        self._twin.assert_equal(self._project.root, self._project.state)

    def _work(self) -> None:
        try:
            while self._kills_left > 0:
                self._work_on(*self._next_item())
        except BaseException:
            self._kills_left = 0  # so that the others end as well
            raise

    def _next_item(self) -> tuple[Item, Item]:
        with self._lock:
            is_brief = self._kinds.random() < 0.3
            twin_item = self._added(self._twin_backlog, is_brief=is_brief)
            self._twin.learn()
            return self._added(self._backlog, is_brief=is_brief), twin_item

    @staticmethod
    def _added(backlog: RandomBacklog, *, is_brief: bool) -> Item:
        return backlog.add_brief() if is_brief else backlog.add_issue()

    def _work_on(self, item: Item, twin_item: Item) -> None:
        undisturbed = self._parent.attempt(self._twin_project, twin_item)
        self._parent.finish(self._twin_project, twin_item, undisturbed)
        self._twin.learn()
        pace, chance = undisturbed.pace(), random.Random(f"{self._seed} {item.label}")
        story = Story(self._project, item, self._twin)
        while True:
            aim = pace.aim(chance) if self._take_a_kill() else None
            attempt = self._parent.attempt(self._project, item, aim)
            story.add(attempt)
            if not attempt.was_killed:
                break
        if aim:
            self._give_back_a_kill()
        self._parent.finish(self._project, item, attempt)

    def _take_a_kill(self) -> bool:
        with self._lock:
            has_one = self._kills_left > 0
            self._kills_left -= has_one
            return has_one

    def _give_back_a_kill(self) -> None:
        with self._lock:
            self._kills_left += 1
