"""What children start: it does not hold up their end, and none of it is left."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import child_programs
import psutil
import pytest
from child_programs import Parent
from command import wait_until
from processes import is_gone
from stage import Stage

from agentos.core.outcomes import Outcome


def test_a_grandchild_that_keeps_the_pipes_open_does_not_hold_up_the_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, child_programs.leaves_one_that_hides)
    with ended_by_hand(stage) as hidden:
        assert stage.run().verdict().outcome is Outcome.APPROVED
        assert not is_gone(hidden())


def test_a_grandchild_that_called_setsid_is_ended(tmp_path: Path) -> None:
    stage = Stage(tmp_path, child_programs.forks_and_leaves)
    assert stage.run().verdict().outcome is Outcome.APPROVED
    grandchild = int(stage.told["grandchild"])
    wait_until(lambda: is_gone(grandchild), "the grandchild is gone")
    Stage(tmp_path, child_programs.reports).run()
    assert not psutil.pid_exists(grandchild)  # the engine takes the status of who it adopted


@pytest.mark.parametrize(
    "program", [child_programs.forks_quickly, child_programs.forks_quickly_elsewhere]
)
def test_a_child_that_forks_quickly_while_it_is_killed(
    tmp_path: Path, program: Callable[[Parent], None]
) -> None:
    stage = Stage(tmp_path, program, grace=3600.0)
    end = stage.start().await_step().stop().stop().stop().end()
    assert end.verdict().outcome is Outcome.INTERRUPTED  # and nothing is left: see conftest.py


@contextlib.contextmanager
def ended_by_hand(stage: Stage) -> Iterator[Callable[[], int]]:
    """Gives the pid of a grandchild that nobody else can find; it is killed in the end."""

    def pid() -> int:
        return int(stage.told["grandchild"])

    try:
        yield pid
    finally:
        psutil.Process(pid()).kill()
        wait_until(lambda: is_gone(pid()), "the hidden one is gone")
        wait_until(
            lambda: not [t for t in threading.enumerate() if "LLD-42" in t.name],
            "its pipes are closed",
        )
