"""Records as runs write them, of supervisors and children that are real processes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from command import wait_until
from findings import only, typed, wrong

from agentos.core.hashing import sha256
from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import JOURNAL_VARIABLE
from agentos.diagnosis.finding import Level
from agentos.diagnosis.runs import check_leftovers, check_lock
from agentos.diagnosis.surroundings import Surroundings
from agentos.publishing.index import IndexEntry, enter
from agentos.records.process_start import process_start
from agentos.records.project_lock import project_lock
from agentos.records.run_folder import RunFolder
from agentos.records.state_folder import prepare_state

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def cut_off(surroundings: Surroundings) -> Path:
    """A run whose supervisor is gone: it has left a record without an end."""
    project = surroundings.project
    prepare_state(project.state, project.root)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    record = RunFolder.create(
        project.state, run_id="R1", now=lambda: NOON, settings={}, on_error=print
    )
    change(record.path, supervisor={"pid": gone.pid, "start": "1"})
    return record.path


@pytest.fixture
def sleeper(surroundings: Surroundings) -> Iterator[psutil.Process]:
    """One that could be a child at work on the brief `dark`."""
    journal = surroundings.project.state.journal(Kind.ISSUE, "dark")
    environment = os.environ | {JOURNAL_VARIABLE: str(journal)}
    with subprocess.Popen(["sleep", "600"], env=environment) as process:
        yield psutil.Process(process.pid)
        process.kill()


def change(run: Path, **fields: object) -> None:
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def finish_everything(surroundings: Surroundings) -> None:
    root = surroundings.project.root
    document = root / "docs/lld/active/LLD-001.md"
    document.parent.mkdir(parents=True)
    document.write_text("# Design\n")
    source = (root / "issues/001-sort.md").read_bytes()
    entry = IndexEntry(
        Outcome.APPROVED, sha256(source), "docs/lld/active/LLD-001.md", "", None, "2026"
    )
    enter(root, surroundings.project.state.index_lock, "LLD-1", entry)


class TestLock:
    def test_that_nobody_holds(self, surroundings: Surroundings) -> None:
        assert not wrong(check_lock(surroundings))

    def test_that_a_run_holds(self, surroundings: Surroundings) -> None:
        state = surroundings.project.state
        state.root.mkdir()
        with project_lock(state.lock, now=lambda: NOON):
            finding = only(check_lock(surroundings), Level.WARNING)
            assert finding.sentence.endswith(
                f"process {os.getpid()}, started {NOON:%F}T12:00:00.000Z"
            )
            assert finding.command == f"kill -INT {os.getpid()}"
            [leftovers] = check_leftovers(surroundings)
            assert leftovers.level is Level.OK
        assert not wrong(check_lock(surroundings))

    @pytest.mark.parametrize("content", ["junk", "[]", '{"pid": "x"}'])
    def test_that_is_held_though_it_says_something_else(
        self, surroundings: Surroundings, content: str
    ) -> None:
        state = surroundings.project.state
        state.root.mkdir()
        with project_lock(state.lock, now=lambda: NOON):
            state.lock.write_text(content)
            finding = only(check_lock(surroundings), Level.WARNING)
            assert (
                finding.sentence == "a run is going on, but .agentos/lock does not say whose it is"
            )
            assert finding.command == ""
            [leftovers] = check_leftovers(surroundings)
            assert leftovers.sentence == "not looked at while a run is going on"
        assert not wrong(check_lock(surroundings))

    def test_that_says_something_else_is_of_the_run_that_goes_on(
        self, surroundings: Surroundings, cut_off: Path, sleeper: psutil.Process
    ) -> None:
        change(cut_off, supervisor={"pid": sleeper.pid, "start": process_start(sleeper.pid)})
        with project_lock(surroundings.project.state.lock, now=lambda: NOON):
            surroundings.project.state.lock.write_text("junk")
            finding = only(check_lock(surroundings), Level.WARNING)
        assert finding.command == f"kill -INT {sleeper.pid}"


class TestLeftovers:
    def test_of_no_run(self, surroundings: Surroundings) -> None:
        assert not wrong(check_leftovers(surroundings))

    def test_of_a_run_that_goes_on(
        self, surroundings: Surroundings, cut_off: Path, sleeper: psutil.Process
    ) -> None:
        change(cut_off, supervisor={"pid": sleeper.pid, "start": process_start(sleeper.pid)})
        assert not wrong(check_leftovers(surroundings))

    def test_of_a_run_that_was_cut_off(self, surroundings: Surroundings, cut_off: Path) -> None:
        finding = only(check_leftovers(surroundings), Level.WARNING)
        assert finding.sentence == "run R1 was cut off; the next closes its record"
        assert finding.command.endswith("agentos parallel lld --all")

    def test_of_several(self, surroundings: Surroundings, cut_off: Path) -> None:
        (cut_off.parent / "R2").mkdir()
        (cut_off.parent / "R2/run.json").write_text("{")
        finding = only(check_leftovers(surroundings), Level.WARNING)
        assert finding.sentence == "2 runs, last R2, were cut off; the next closes its record"

    def test_of_one_that_had_done_everything(
        self, surroundings: Surroundings, cut_off: Path
    ) -> None:
        finish_everything(surroundings)
        [finding] = check_leftovers(surroundings)
        assert finding.level is Level.OK
        assert finding.sentence.startswith("run R1 was cut off after its last item")

    def test_of_one_whose_child_still_runs(
        self, surroundings: Surroundings, cut_off: Path, sleeper: psutil.Process
    ) -> None:
        child = {"pid": sleeper.pid}
        change(cut_off, children={"ISSUE-dark": child, "LLD-2": child})
        found = wrong(check_leftovers(surroundings))
        assert len(found) == 2
        assert f"ISSUE-dark of a run that was cut off still runs, as process {sleeper.pid}" in (
            found[1].sentence
        )
        assert found[1].command == found[0].command

    def test_of_a_child_for_which_no_run_would_come(
        self, surroundings: Surroundings, cut_off: Path, sleeper: psutil.Process
    ) -> None:
        finish_everything(surroundings)
        change(cut_off, children={"ISSUE-dark": {"pid": sleeper.pid}})
        finding = only(check_leftovers(surroundings), Level.WARNING)
        assert finding.command == f"kill {sleeper.pid}"
        typed(finding, cut_off)
        wait_until(lambda: not wrong(check_leftovers(surroundings)), "it has ended")

    def test_of_a_backlog_that_cannot_be_read(
        self, surroundings: Surroundings, cut_off: Path
    ) -> None:
        (surroundings.project.root / "issues/1-twin.md").touch()
        assert not wrong(check_leftovers(surroundings))
