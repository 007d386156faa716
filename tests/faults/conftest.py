"""The battery of faults: what holds in each, whatever happens in a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Workspace, sample_workspace
from leftovers import nothing_left
from peak_watch import PeakWatch

MOST_MEMORY = 80 * 1000 * 1000
"""Bytes that a supervisor may take."""


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After every test, whatever it did."""
    with nothing_left():
        yield


@pytest.fixture(autouse=True)
def peaks(nothing_is_left: None) -> Iterator[PeakWatch]:
    """Whatever happens in a test, no supervisor takes much memory for it."""
    with PeakWatch() as watch:
        yield watch
    assert watch.highest < MOST_MEMORY, watch.peaks


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Workspace]:
    """The sample project, to run the installed command on."""
    with sample_workspace(tmp_path) as workspace:
        yield workspace
