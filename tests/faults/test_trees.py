"""What children start: it does not hold up their end, and none of it is left."""

from collections.abc import Callable
from pathlib import Path

import child_programs
import psutil
import pytest
from child_programs import Parent
from command import wait_until
from processes import is_gone
from stage import Stage

from agentos.core.outcomes import Outcome
from agentos.core.systems import LINUX


@pytest.mark.skipif(not LINUX, reason="elsewhere nobody finds one that hides")
def test_a_grandchild_that_keeps_the_pipes_open_does_not_hold_up_the_end(tmp_path: Path) -> None:
    stage = Stage(tmp_path, child_programs.leaves_one_that_hides)
    assert stage.run().verdict().outcome is Outcome.APPROVED
    assert is_gone(int(stage.told["grandchild"]))


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
