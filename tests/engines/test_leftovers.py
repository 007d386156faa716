"""The look for leftovers, by which the tests of processes are judged, can fail."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import child_programs
import pytest
from child_programs import Parent
from leftovers import nothing_left


@pytest.mark.parametrize(
    "program", [child_programs.forks_quickly, child_programs.forks_quickly_elsewhere]
)
def test_what_forks_faster_than_anybody_looks_is_found_and_ended(
    program: Callable[[Parent], None],
) -> None:
    with nothing_left(), pytest.raises(AssertionError, match="still running"):
        kill_the_child_alone(program)


def kill_the_child_alone(program: Callable[[Parent], None]) -> None:
    """As an engine would that knows of no more than one process."""
    with nothing_left(last_breath=0.5):
        events_fd, its_events_fd = os.pipe()
        with subprocess.Popen(
            [sys.executable, "-P", child_programs.__file__, program.__name__],
            stdin=subprocess.PIPE,
            pass_fds=[its_events_fd],
            start_new_session=True,
        ) as child:
            os.close(its_events_fd)
            assert child.stdin is not None
            child.stdin.write(json.dumps({"events_fd": its_events_fd}).encode() + b"\n")
            child.stdin.flush()
            assert os.read(events_fd, 1)  # it is at work
            child.kill()
        os.close(events_fd)
