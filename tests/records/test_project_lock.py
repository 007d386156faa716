import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentos.core.errors import LockedError, UsageError
from agentos.records.project_lock import Holder, current_holder, project_lock

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    source = (
        "import sys\n"
        "from pathlib import Path\n"
        "from agentos.core.clock import utc_now\n"
        "from agentos.core.errors import LockedError\n"
        "from agentos.records.project_lock import project_lock\n"
        "try:\n    with project_lock(Path(sys.argv[1]), now=utc_now): print('free')\n"
        "except LockedError as error: print(error)\n"
    )

    def ask() -> str:
        argv = [sys.executable, "-c", source, str(path)]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    with project_lock(path, now=lambda: NOW):
        expected = f"process {os.getpid()}, started 2026-01-31T12:00:00.000Z"
        assert ask() == f"another agentos works on this project: {expected}"
        assert ask().endswith(expected)  # whoever asked before has not wiped it
    assert ask() == "free"


def test_a_holder_that_has_not_said_who_it_is_yet(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with project_lock(path, now=lambda: NOW):
        path.write_text("")
        with pytest.raises(LockedError, match="has not said"), project_lock(path, now=lambda: NOW):
            pass


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "lock"
    path.parent.write_text("a file")
    with pytest.raises(UsageError, match="cannot be locked"), project_lock(path, now=lambda: NOW):
        pass


class TestCurrentHolder:
    def test_is_whoever_holds_it(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        assert current_holder(path) is None
        with project_lock(path, now=lambda: NOW):
            content = path.read_bytes()
            assert current_holder(path) == Holder(os.getpid(), "2026-01-31T12:00:00.000Z")
            assert path.read_bytes() == content
        assert current_holder(path) is None  # though its file names a process that lives

    def test_to_look_takes_nothing_from_who_comes_next(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        with project_lock(path, now=lambda: NOW):
            pass
        assert current_holder(path) is None
        with project_lock(path, now=lambda: NOW):
            assert current_holder(path) is not None

    @pytest.mark.parametrize("pid", ["-1", "0", "1e99", "4194399999999999", '"x"', "null"])
    def test_of_a_file_that_names_no_process(self, tmp_path: Path, pid: str) -> None:
        (tmp_path / "lock").write_text(f'{{"pid": {pid}, "started": "now"}}')
        assert current_holder(tmp_path / "lock") is None

    @pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000], ids=len)
    def test_of_a_file_that_says_nothing(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "lock").write_text(content)
        assert current_holder(tmp_path / "lock") is None

    def test_of_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "lock")
        assert current_holder(tmp_path / "lock") is None
