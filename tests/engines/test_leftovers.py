"""The look for leftovers, by which the tests of processes are judged, can fail."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import child_programs
import pytest
from child_programs import Parent
from leftovers import nothing_left
from stage import Stage

from agentos.engines import supervised_child


@pytest.mark.parametrize(
    "program", [child_programs.forks_quickly, child_programs.forks_quickly_elsewhere]
)
def test_what_forks_faster_than_anybody_looks_is_found_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Callable[[Parent], None]
) -> None:
    def kill_child_only(pid: int, _journal: Path) -> None:
        os.kill(pid, signal.SIGKILL)

    monkeypatch.setattr(supervised_child, "kill_tree", kill_child_only)
    monkeypatch.setattr(supervised_child, "kill_strays", lambda _journal: False)
    stage = Stage(tmp_path, program, grace=3600.0)
    with nothing_left(), pytest.raises(AssertionError, match="still running"):
        run_in_a_watch(stage)


def run_in_a_watch(stage: Stage) -> None:
    with nothing_left(last_breath=0.5):
        stage.start().await_step().stop().stop().stop().end()
