"""Disks that are full, state that disappears, journals that are not as they were left."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import deeds
import pytest
from command import PATIENCE, Workspace
from disks import may_mount, small_disk
from faults import patched
from loopback import KEYS

from agentos.testing import Asked, LoopbackServer, Reply, author

AGENTOS = (sys.executable, "-m", "agentos")
ALL = ("parallel", "lld", "--all")
JOURNAL = ".agentos/checkpoints/lld_workflow_42.db"

# A supervisor whose disk takes no more when it records how an item, or the run, has ended.
AT_THE_END = """
import errno, os, sys
if 'agentos.child' not in sys.orig_argv:
    from agentos.records import run_folder
    write = run_folder.NAME
    def full(path, content, **how):
        if path.name == 'summary.json' or b'item_finished' in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content, **how)
    run_folder.NAME = full
"""

HEADER = 100
"""Bytes at the beginning of a database, where SQLite notes that it has opened it."""

LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
os.execv(sys.argv[1], sys.argv[1:])
"""

with tempfile.TemporaryDirectory() as folder:
    needs_mount = pytest.mark.skipif(not may_mount(Path(folder)), reason="needs the right to mount")


@pytest.fixture
def shelf(shelf: Workspace) -> Workspace:
    """With one item."""
    shelf.keep_issues("042")
    return shelf


def assert_goes_on(shelf: Workspace) -> None:
    """The same command ends the item, repeats no finished step, and leaves nothing to be done."""
    code, output = shelf.run(*ALL)
    assert code == 0, output
    assert "1 approved" in output
    assert shelf.journals == []
    shelf.assert_no_step_ran_twice()


class TestFull:
    @needs_mount
    @pytest.mark.parametrize(
        ("full", "sentence"),
        [
            (
                ".agentos/checkpoints",
                "FAILED: The disk is full, {journal} cannot be written",
            ),
            ("docs/lld", "LLD-042.md cannot be written: No space left on device"),
        ],
    )
    def test_while_a_child_writes(
        self, shelf: Workspace, tmp_path: Path, full: str, sentence: str
    ) -> None:
        place = shelf.root / full
        with small_disk(place):
            code, output = shelf.run(
                *ALL, **deeds.doing(deeds.fill_the_disk, tmp_path, place=place)
            )

            assert code == 1, output
            assert sentence.format(journal=shelf.root / JOURNAL) in output
            assert "Traceback" not in output
            assert "1 failed (LLD-42)" in output
            written = documents(shelf)
            (place / "filler").unlink()
            assert_goes_on(shelf)
            assert documents(shelf).items() >= written.items()  # what was there was whole

    def test_while_a_document_gets_its_name(self, shelf: Workspace, tmp_path: Path) -> None:
        """The disk takes the bytes; a folder that has to grow for one more name can fail later.

        Small disks that a test may mount have room for names, so the child's own is refused.
        """
        code, output = shelf.run(
            *ALL, **deeds.doing(deeds.refuse_names, tmp_path, place=shelf.root / "docs/lld")
        )

        assert code == 1, output
        assert "LLD-042.md cannot be written: No space left on device" in output
        assert "Traceback" not in output
        assert not [
            path for path in documents(shelf) if path.is_relative_to(shelf.root / "docs/lld")
        ]
        assert_goes_on(shelf)

    @needs_mount
    def test_while_a_log_is_written(self, shelf: Workspace, tmp_path: Path) -> None:
        logs = shelf.root / ".agentos/logs"
        logs.mkdir(parents=True, mode=0o700)
        with small_disk(logs):
            code, output = shelf.run(
                *ALL, **deeds.doing(deeds.fill_the_disk_and_talk, tmp_path, place=logs)
            )

            assert code == 1, output
            assert "the record cannot be written: No space left on device" in output
            assert "Traceback" not in output
            assert "1 interrupted (LLD-42)" in output
            assert f"[LLD-42] {deeds.NUMBERED - 1}" in output
            code, output = shelf.run(*ALL)
            assert code == 2, output
            assert "cannot be written: No space left on device" in output
            assert "free some space" in output
            (logs / "filler").unlink()
            assert_goes_on(shelf)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("write_json", "[COORDINATOR] the record cannot be written: No space left on device"),
            ("append_line", "[COORDINATOR] Shutting down... waiting for workers to checkpoint: "),
        ],
    )
    def test_while_the_end_is_recorded(
        self, shelf: Workspace, tmp_path: Path, name: str, told: str
    ) -> None:
        """The item is approved, and still not all is well."""
        fault = AT_THE_END.replace("NAME", name)

        code, output = shelf.run(*ALL, PYTHONPATH=patched(tmp_path, fault))

        assert code == 1, output
        assert told in output
        assert "1 approved" in output
        assert "Traceback" not in output
        if name == "append_line":
            assert shelf.summary(shelf.runs[0])["exit_code"] == 1
        code, output = shelf.run(*ALL)
        assert code == 0, output
        assert "Nothing to do" in output

    def test_while_the_cost_of_a_call_is_written_down(self, shelf: Workspace) -> None:
        """A used-up budget would be told otherwise."""
        ledger = shelf.root / ".agentos/spending-lld.ndjson"

        def spoil_and_answer(asked: Asked) -> Reply:
            if ledger.is_file():
                ledger.unlink()
                ledger.mkdir()
            return author(asked)

        command = (*ALL, "--drafter", "openai/x", "--max-tokens", "1000000")
        with LoopbackServer(spoil_and_answer) as server:
            environ = {
                "OPENAI_API_KEY": KEYS["draft-a"],
                "OPENAI_BASE_URL": server.base_url("openai"),
            }
            code, output = shelf.run(*command, **environ)

        assert code == 1, output
        assert "what calls cost cannot be recorded: Is a directory" in output
        assert "to go on, make the project's state folder writable again" in output
        assert "to go on, give a higher limit" not in output
        assert "1 interrupted (LLD-42)" in output
        ledger.rmdir()
        with LoopbackServer(author) as server:
            environ["OPENAI_BASE_URL"] = server.base_url("openai")
            code, output = shelf.run(*command, **environ)
        assert code in (0, 3), output
        shelf.assert_no_step_ran_twice()

    def test_files_that_may_not_grow_while_a_journal_commits(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        """A quota that is used up; and without the right to mount, the only full disk there is."""
        code, output = shelf.run(*ALL, **deeds.doing(deeds.write_no_larger_file, tmp_path))

        assert code == 1, output
        assert f"FAILED: Reading or writing {shelf.root / JOURNAL} failed" in output
        assert "Traceback" not in output
        assert_goes_on(shelf)

    def test_files_that_may_not_grow_while_a_log_is_written(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        environ = deeds.doing(deeds.say_numbered_lines, tmp_path)
        limited = subprocess.run(
            [sys.executable, "-c", LIMITED, *AGENTOS, *ALL],
            cwd=shelf.root,
            capture_output=True,
            env=os.environ | environ,
            timeout=PATIENCE,
            check=False,
        )
        output = (limited.stdout + limited.stderr).decode()

        assert limited.returncode == 1, output
        assert "the record cannot be written: File too large" in output
        assert "Traceback" not in output
        assert f"[LLD-42] {deeds.NUMBERED - 1}" in output
        assert_goes_on(shelf)


def test_the_state_folder_is_removed_in_mid_run(shelf: Workspace, tmp_path: Path) -> None:
    state = shelf.root / ".agentos"

    code, output = shelf.run(*ALL, **deeds.doing(deeds.remove_the_state, tmp_path, place=state))

    assert code == 1, output
    assert "the record cannot be written: No such file or directory" in output
    assert "Traceback" not in output
    assert "1 interrupted (LLD-42)" in output
    assert_goes_on(shelf)


class TestJournals:
    """Of an item that failed in its review."""

    @pytest.fixture
    def journal(self, shelf: Workspace, tmp_path: Path) -> Path:
        code, output = shelf.run(*ALL, **deeds.doing(deeds.fail, tmp_path, call=2))
        assert code == 1, output
        return shelf.root / JOURNAL

    def test_truncated(self, shelf: Workspace, journal: Path) -> None:
        os.truncate(journal, journal.stat().st_size // 2)
        self.assert_begun_anew(shelf, journal)

    def test_no_database_at_all(self, shelf: Workspace, journal: Path) -> None:
        journal.write_bytes(b"no database at all" * 100)
        self.assert_begun_anew(shelf, journal)

    def test_empty(self, shelf: Workspace, journal: Path) -> None:
        os.truncate(journal, 0)

        code, output = shelf.run(*ALL)

        assert code == 0, output
        assert "LLD-42 starts anew: its journal is empty" in output
        assert shelf.journals == []

    @pytest.mark.parametrize("where", [b"CREATE TABLE", b"Test Scenarios"])
    def test_bit_flipped(self, shelf: Workspace, journal: Path, where: bytes) -> None:
        """In what SQLite looks at, and in the words of a draft, at which it does not."""
        content = bytearray(journal.read_bytes())
        content[content.rindex(where)] ^= 1
        journal.write_bytes(content)
        self.assert_begun_anew(shelf, journal)

    def test_locked_by_another_program(self, shelf: Workspace, journal: Path) -> None:
        with contextlib.closing(sqlite3.connect(journal)) as other:
            other.execute("BEGIN EXCLUSIVE")

            code, output = shelf.run(*ALL)

            assert code == 1, output
            assert "Another process is working on this item and holds its journal" in output
            assert "Traceback" not in output
            other.rollback()
        assert_goes_on(shelf)

    def test_from_a_newer_schema(self, shelf: Workspace, journal: Path) -> None:
        set_version(journal, 99)
        before = journal.read_bytes()

        code, output = shelf.run(*ALL)

        assert code == 1, output
        assert "was written by a newer agentos (schema 99)" in output
        assert "Traceback" not in output
        assert journal.read_bytes() == before
        set_version(journal, 1)
        assert_goes_on(shelf)

    def assert_begun_anew(self, shelf: Workspace, journal: Path) -> None:
        damaged = journal.read_bytes()
        code, output = shelf.run(*ALL)
        assert code == 0, output
        assert "LLD-42 starts anew: its journal is damaged" in output
        assert "Traceback" not in output
        [kept] = (journal.parent / "aside").glob("*.db")
        assert kept.read_bytes()[HEADER:] == damaged[HEADER:]
        assert shelf.journals == []


def set_version(journal: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        connection.execute(f"PRAGMA user_version={version}")


def documents(shelf: Workspace) -> dict[Path, bytes]:
    """What was written for the item; no temporary file is among it."""
    found = [path for path in shelf.root.glob("docs/l*/active/**/*") if path.is_file()]
    assert not [path for path in found if path.suffix == ".tmp"]
    return {path: path.read_bytes() for path in found}
