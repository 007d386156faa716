"""A copy of the sample project for each test, and the proof that nothing was left running."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from command import SAMPLE, Workspace, processes_of
from patient import Patient


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Workspace]:
    """The sample project; afterwards no process of the test may be left."""
    root = tmp_path / "shelf"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".agentos", "__pycache__"))
    workspace = Workspace(root, tmp_path)
    yield workspace
    leftovers = processes_of(tmp_path)
    for process in workspace.started:
        process.kill()
        process.wait()
    for leftover in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            leftover.kill()
    assert not leftovers, leftovers


@pytest.fixture
def patient(project: Path) -> Patient:
    """A project in which all is well, for `agentos doctor`."""
    return Patient.healthy(project)
