"""A copy of the sample project for each test, and the proof that nothing was left running."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import SAMPLE, Workspace, processes_of


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Workspace]:
    """The sample project; afterwards no process of the test may be left."""
    root = tmp_path / "shelf"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".agentos", "__pycache__"))
    yield Workspace(root, tmp_path)
    leftovers = processes_of(tmp_path)
    for process in leftovers:
        process.send_signal(signal.SIGKILL)
    assert not leftovers, leftovers
