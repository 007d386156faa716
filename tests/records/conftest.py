import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentos.core.clock import Now
from agentos.core.paths import StatePaths
from agentos.records.state_folder import prepare_state

NOBODY = 65534


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    state = StatePaths(tmp_path / ".agentos")
    prepare_state(state, tmp_path)
    return state


@pytest.fixture
def now() -> Now:
    """A wall clock that goes on by one second with every look."""
    moment = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)

    def tick() -> datetime:
        nonlocal moment
        moment += timedelta(seconds=1)
        return moment

    return tick


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that another user may enter and write to, which `tmp_path` is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged() -> Callable[[], AbstractContextManager[None]]:
    """For the time of a `with`, this process is one of a user without privileges."""
    if os.geteuid() != 0:
        return nullcontext
    if not hasattr(os, "setresuid"):
        pytest.skip("root cannot step down for a while on this system")
    return _stepped_down


@contextmanager
def _stepped_down() -> Iterator[None]:
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)
