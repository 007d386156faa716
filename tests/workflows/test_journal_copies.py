import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agentos.workflows.journal_copies import sweep_copies

KILLED_AT_A_LOOK = """
import os, signal, sys
from pathlib import Path
from agentos.workflows.journal_files import copied
with copied(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def left(temporary: Path, tmp_path: Path) -> Path:
    journal = tmp_path / "lld_workflow_1.db"
    journal.write_text("steps")
    look = subprocess.run(
        [sys.executable, "-c", KILLED_AT_A_LOOK, str(journal)],
        env=os.environ | {"TMPDIR": str(temporary)},
        check=False,
    )
    assert look.returncode == -signal.SIGKILL
    [folder] = temporary.iterdir()
    assert (folder / journal.name).exists()
    return folder


def test_what_a_killed_look_left_is_removed(left: Path) -> None:
    os.utime(left, (0, 0))
    sweep_copies()
    assert not left.exists()


def test_one_that_may_be_in_use_stays(left: Path) -> None:
    of_a_living = left.with_name(f"agentos-copy-{os.getpid()}-abcd1234")
    of_others = left.with_name("agentos-copy-notes")
    for folder in (of_a_living, of_others):
        folder.mkdir()
        os.utime(folder, (0, 0))
    sweep_copies()  # `left` is new: a container's processes are not seen here
    assert all(folder.exists() for folder in (left, of_a_living, of_others))


def test_without_a_temporary_folder_nothing_is_swept(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "missing"))
    sweep_copies()
    assert list(temporary.iterdir()) == []
