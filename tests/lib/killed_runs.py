"""A run of the installed command that is killed at random instants and begun again, until it ends.

Before that the project's twin is run without a kill. That says what has to come out, and how long
an undisturbed run takes.
"""

import itertools
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from command import Running, Workspace, processes_of, wait_until
from wholeness import Twin, journal_of_a_killed

from agentos.child_channels import LAST_WORDS
from agentos.core.events import Event, ItemFinished, Reported, StepFinished, StepStarted
from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.publishing.index import read_index
from agentos.records.history import damaged_summary, recorded_events, runs_of, unclosed_runs

COMMAND = ("parallel", "lld", "--all", "-j", "4", "--retries", "0")

GONE_AFTER = 20 * LAST_WORDS
"""Seconds in which a killed supervisor's children have to leave, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a run is killed: `seconds` after its start, or after so many events of a kind."""

    seconds: float
    event: type[Event] = Event
    number: int = 0
    with_children: bool = False

    @classmethod
    def by(cls, chance: random.Random, *, run_seconds: float) -> "Moment":
        """At any instant of an undisturbed run, or at what the run tells; some with all children.

        Mostly before much is done, so that a backlog lasts for several kills.
        """
        with_children = chance.random() < 0.3
        if chance.random() < 0.6:
            return cls(run_seconds * chance.random() ** 2, with_children=with_children)
        event, most = chance.choice(((StepFinished, 12), (Reported, 1), (ItemFinished, 1)))
        return cls(chance.uniform(0, 0.01), event, chance.randint(1, most), with_children)


class Undisturbed:
    """A run of the twin that nobody kills: what comes out, with which exit code, and how fast."""

    def __init__(self, workspace: Workspace) -> None:
        began = time.monotonic()
        self.exit_code, output = workspace.run(*COMMAND)
        self.seconds = time.monotonic() - began
        assert self.exit_code in (0, 3), output
        self.twin = Twin(workspace.root)
        self.twin.learn()
        self.labels = list(read_index(workspace.root))


class KilledRuns:
    """One backlog, worked off by runs that are killed."""

    def __init__(self, shelf: Workspace, undisturbed: Undisturbed, chance: random.Random) -> None:
        self._shelf = shelf
        self._state = StatePaths(shelf.root / ".agentos")
        self._undisturbed = undisturbed
        self._chance = chance
        self._recorded: dict[str, set[str]] = {}

    def work_off(self, most: int) -> int:
        """Kill at most so often, and give how often; AssertionError for what a kill has broken."""
        for kills in itertools.count():
            earlier = set(runs_of(self._state))
            running = self._shelf.start(*COMMAND)
            if kills < most:
                moment = Moment.by(self._chance, run_seconds=self._undisturbed.seconds)
                self._kill(running, moment, earlier)
            code, output = running.finish()
            self._check(earlier)
            if code != -signal.SIGKILL:
                break
        assert code == self._undisturbed.exit_code, output
        self._check_end()
        return kills

    def _kill(self, running: Running, moment: Moment, earlier: set[Path]) -> None:
        """Unless it ends before; afterwards nothing of it runs any more."""
        ended = running.process.poll
        wait_until(
            lambda: ended() is not None or self._has_told(earlier, moment), "the run tells of it"
        )
        deadline = time.monotonic() + moment.seconds
        while ended() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        if moment.with_children:
            running.kill_all()
        else:
            running.process.kill()
            running.process.wait()
        wait_until(lambda: not processes_of(self._shelf.root), "all are gone", patience=GONE_AFTER)

    def _has_told(self, earlier: set[Path], moment: Moment) -> bool:
        told = _told(self._runs_since(earlier))
        return len([event for event in told if isinstance(event, moment.event)]) >= moment.number

    def _runs_since(self, earlier: set[Path]) -> list[Path]:
        return [run for run in runs_of(self._state) if run not in earlier]

    def _check(self, earlier: set[Path]) -> None:
        """Documents are whole; what was recorded still is, and has not run again."""
        self._undisturbed.twin.assert_whole(self._shelf.root)
        finished = read_index(self._shelf.root)
        started = _steps(self._runs_since(earlier), StepStarted)
        for label in self._undisturbed.labels:
            before = self._recorded.get(label, set())
            assert before.isdisjoint(started[label]), f"{label}: a recorded step ran again"
            journal = journal_of_a_killed(self._journal(label))
            assert before <= set(journal.steps) or label in finished, f"{label}: a step is lost"
            self._recorded[label] = before | set(journal.steps)
        for label, steps in _steps(runs_of(self._state), StepFinished).items():
            assert len(steps) == len(set(steps)), f"{label}: {steps}"

    def _journal(self, label: str) -> Path:
        return self._state.journal(Kind.LLD, label.removeprefix(f"{Kind.LLD.upper()}-"))

    def _check_end(self) -> None:
        """Every item has one outcome, and nothing but the records tells of the kills."""
        self._undisturbed.twin.assert_equal(self._shelf.root, self._state)
        outcomes: dict[str, set[Outcome]] = defaultdict(set)
        for event in _told(runs_of(self._state)):
            if isinstance(event, ItemFinished) and event.outcome.is_finished:
                outcomes[event.item].add(event.outcome)
        index = read_index(self._shelf.root)
        assert outcomes == {label: {entry.outcome} for label, entry in index.items()}
        assert [damaged for run in runs_of(self._state) if (damaged := damaged_summary(run))] == []
        # Closed by the next run; after the last one nothing may have been left to be done.
        assert len(unclosed_runs(self._state)) <= 1


def _steps(runs: Iterable[Path], kind: type[StepStarted | StepFinished]) -> dict[str, list[str]]:
    """Names of steps in events of that kind, by item."""
    found: dict[str, list[str]] = defaultdict(list)
    for event in _told(runs):
        if isinstance(event, kind):
            found[event.item].append(event.step)
    return found


def _told(runs: Iterable[Path]) -> Iterator[Event]:
    return itertools.chain.from_iterable(map(recorded_events, runs))
