"""The battery of faults: whatever happens in a test, it leaves no process and no open file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Workspace, sample_workspace
from leftovers import nothing_left


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After every test, whatever it did."""
    with nothing_left():
        yield


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Workspace]:
    """The sample project, to run the installed command on."""
    with sample_workspace(tmp_path) as workspace:
        yield workspace
