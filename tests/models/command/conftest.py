import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import is_gone
from stand_ins import Programs, Record


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(tmp_path_factory.mktemp("bin"))


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    record = Record(tmp_path / "record")
    yield record
    for pid in record.pids:
        if not is_gone(pid):
            os.kill(pid, signal.SIGKILL)
