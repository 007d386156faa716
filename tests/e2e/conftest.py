"""A copy of the sample project for each test, and the proof that nothing was left running."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Workspace, sample_workspace
from patient import Patient


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Workspace]:
    """The sample project; afterwards no process of the test may be left."""
    with sample_workspace(tmp_path) as workspace:
        yield workspace


@pytest.fixture
def patient(project: Path) -> Patient:
    """A project in which all is well, for `agentos doctor`."""
    return Patient.healthy(project)
