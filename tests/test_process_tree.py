import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from command import wait_until
from processes import is_gone

from agentos import process_tree
from agentos.core.paths import JOURNAL_VARIABLE
from agentos.core.systems import LINUX
from agentos.engines import parenthood
from agentos.process_tree import Among, all_processes, kill_strays, kill_tree, until_nothing_is_left

JOURNAL = Path("/state/checkpoints/lld_workflow_42.db")
OTHER = Path("/state/checkpoints/lld_workflow_7.db")

# Starts as many generations below itself as argv says, each in a session of its own, then tells the
# pids of all of them and waits; or, as `leave`, is gone as soon as they are there.
PROGRAM = """
import os, signal, subprocess, sys
depth, then = int(sys.argv[1]), sys.argv[2]
pids = []
if depth:
    child = subprocess.Popen(
        [sys.executable, "-c", os.environ["PROGRAM"], str(depth - 1), "stay"],
        stdout=subprocess.PIPE, start_new_session=True,
    )
    pids = child.stdout.readline().split()
print(os.getpid(), *map(int, pids), flush=True)
if then == "leave":
    os._exit(0)
while True:
    signal.pause()
"""

Start = Callable[..., list[psutil.Process]]

needs_subreaper = pytest.mark.skipif(not LINUX, reason="this system has no child subreapers")


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a family and gives its members, the eldest first."""
    with ExitStack() as stack:

        def start(
            depth: int = 0, then: str = "stay", journal: Path | None = JOURNAL
        ) -> list[psutil.Process]:
            environment = os.environ | {"PROGRAM": PROGRAM}
            if journal is not None:
                environment[JOURNAL_VARIABLE] = str(journal)
            eldest = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROGRAM, str(depth), then],
                    stdout=subprocess.PIPE,
                    env=environment,
                )
            )
            assert eldest.stdout is not None
            pids = map(int, eldest.stdout.readline().split())
            if then == "leave":
                next(pids)
                eldest.wait()
            family = [psutil.Process(pid) for pid in pids]
            for process in family:
                stack.callback(_end, process)
            return family

        yield start


def _end(process: psutil.Process) -> None:
    if process.is_running():
        process.kill()
        wait_until(lambda: is_gone(process.pid), "it is dead")


def all_dead(family: list[psutil.Process]) -> bool:
    return all(is_gone(process.pid) for process in family)


def any_dead(family: list[psutil.Process]) -> bool:
    return any(is_gone(process.pid) for process in family)


@pytest.fixture
def subreaper() -> Iterator[None]:
    """This process adopts orphans for the time of the test."""
    parenthood.become_subreaper()
    yield
    parenthood._prctl(parenthood._PR_SET_CHILD_SUBREAPER, 0)


class TestKillTree:
    def test_it_ends_a_child_and_all_below_it(self, start: Start) -> None:
        family = start(2, journal=None)  # known by their parents only
        kill_tree(family[0].pid, JOURNAL)
        wait_until(lambda: all_dead(family), "the family is dead")

    @needs_subreaper
    def test_orphans_are_known_by_the_journal(self, start: Start, subreaper: None) -> None:
        orphans, others = start(2, "leave"), start(1, journal=OTHER)
        child = start()
        kill_tree(child[0].pid, JOURNAL)
        wait_until(lambda: all_dead(child + orphans), "child and orphans are dead")
        assert not any_dead(others)

    def test_a_child_that_is_gone_is_no_error(self, start: Start) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as gone:
            gone.wait()
        family = start()
        kill_tree(gone.pid, JOURNAL)
        wait_until(lambda: all_dead(family), "who names the journal is dead")

    def test_what_never_dies_is_left_in_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looks: list[Path] = []

        def always_one_more(journal: Path, _among: Among) -> bool:
            looks.append(journal)
            return True

        with subprocess.Popen([sys.executable, "-c", ""]) as gone:
            gone.wait()
        monkeypatch.setattr(process_tree, "kill_strays", always_one_more)
        kill_tree(gone.pid, JOURNAL)
        assert len(looks) > 1


class TestUntilNothingIsLeft:
    def looks(self, *found: bool) -> int:
        """How often it looks, where it finds something so many times and then never again."""
        left, looks, now = list(found), 0, 0.0

        def end_some() -> bool:
            nonlocal looks
            looks += 1
            return left.pop(0) if left else False

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds

        until_nothing_is_left(end_some, clock=lambda: now, sleep=sleep)
        return looks

    def test_two_looks_in_a_row_find_nothing(self) -> None:
        assert self.looks() == 2
        assert self.looks(True, False, True, False, False) == 5

    def test_it_does_not_go_on_for_ever(self) -> None:
        assert self.looks(*[True] * 20_000) < 6000


class TestKillStrays:
    def test_there_are_none(self, start: Start) -> None:
        others = start(1, journal=OTHER) + start(1, journal=None)
        assert not kill_strays(JOURNAL)
        assert not any_dead(others)

    def test_those_found_are_ended_and_that_is_told(self, start: Start) -> None:
        family = start(1)
        assert kill_strays(JOURNAL)
        wait_until(lambda: all_dead(family), "the strays are dead")
        assert not kill_strays(JOURNAL)

    def test_without_a_subreaper_every_process_is_looked_at(self, start: Start) -> None:
        orphans = start(1, "leave")
        assert kill_strays(JOURNAL, all_processes)
        wait_until(lambda: all_dead(orphans), "the orphans are dead")

    def test_one_that_goes_while_it_is_looked_at_is_passed_over(self, start: Start) -> None:
        [process] = start()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as popen:
            gone = psutil.Process(popen.pid)
        assert kill_strays(JOURNAL, lambda: [gone, process])


def test_elsewhere_nobody_adopts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parenthood, "LINUX", False)
    monkeypatch.setattr(ctypes, "CDLL", pytest.fail)
    parenthood.become_subreaper()
    parenthood.continue_when_parent_dies()
