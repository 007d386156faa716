import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from findings import only, typed, wrong

from agentos.diagnosis import journals
from agentos.diagnosis.finding import Level
from agentos.diagnosis.journals import check
from agentos.diagnosis.surroundings import Surroundings
from agentos.workflows.journal import Journal, JournalIdentity

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def checkpoints(surroundings: Surroundings) -> Path:
    folder = surroundings.project.state.checkpoints
    folder.mkdir(parents=True)
    return folder


def begin(checkpoints: Path, number: int) -> Path:
    path = checkpoints / f"lld_workflow_{number}.db"
    identity = JournalIdentity(f"LLD-{number}", 1, "a" * 64, ("embedded",))
    with Journal.open(path, identity, now=lambda: NOON) as journal:
        journal.record("load", "text", started=NOON, seconds=1)
    return path


def test_good_ones(surroundings: Surroundings, checkpoints: Path) -> None:
    begin(checkpoints, 1)
    (checkpoints / "notes.txt").touch()
    assert not wrong(check(surroundings))


def test_one_that_is_damaged(surroundings: Surroundings, checkpoints: Path, project: Path) -> None:
    path = begin(checkpoints, 1)
    path.write_bytes(b"no database" * 100)
    path.with_name(f"{path.name}-wal").write_bytes(b"no log")
    finding = only(check(surroundings), Level.WARNING)
    assert "is damaged" in finding.sentence
    typed(finding, project)
    assert not wrong(check(surroundings))
    kept = sorted(one.name for one in (checkpoints / "aside/lld_workflow_1.kept").iterdir())
    assert kept == ["lld_workflow_1.db", "lld_workflow_1.db-wal"]


def test_one_of_a_newer_version(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    path = begin(checkpoints, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    finding = only(check(surroundings), Level.FAULT)
    assert finding.sentence.startswith("LLD-1 would fail: The journal ")
    assert "newer agentos" in finding.sentence
    assert "update agentos" in finding.hint
    typed(finding, project)
    assert not wrong(check(surroundings))


def test_one_of_an_item_that_is_gone(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    begin(checkpoints, 7)
    (checkpoints / "issue_workflow_dark.db").touch()  # and there is no folder for briefs
    found = wrong(check(surroundings))
    assert [finding.sentence.rpartition(" is of ")[2] for finding in found] == [
        "ISSUE-dark, which the backlog does not have",
        "LLD-7, which the backlog does not have",
    ]
    for finding in found:
        typed(finding, project)
    assert not wrong(check(surroundings))


def test_what_was_kept_before_stays_as_it_is(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    path = checkpoints / "lld_workflow_1.db"
    commands = []
    for content in (b"one", b"two"):
        path.write_bytes(content * 100)
        finding = only(check(surroundings), Level.WARNING)
        commands.append(finding.command)
        typed(finding, project)
    path.write_bytes(b"three")
    again = subprocess.run(["sh", "-c", commands[0]], cwd=project, capture_output=True, check=False)
    assert again.returncode
    assert path.read_bytes() == b"three"
    kept = sorted((checkpoints / "aside").glob(f"*/{path.name}"))
    assert [one.read_bytes()[:3] for one in kept] == [b"one", b"two"]


def test_the_journal_of_an_item_whose_id_begins_the_same_stays(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    path = begin(checkpoints, 1)
    path.write_bytes(b"no database" * 100)
    path.with_name(f"{path.name}-notes").touch()
    typed(only(check(surroundings), Level.WARNING), project)
    assert path.with_name(f"{path.name}-notes").exists()


def test_of_a_backlog_that_cannot_be_read_no_journal_is_said_to_be_nobodys(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    begin(checkpoints, 7)
    (project / "issues/1-twin.md").touch()
    assert not wrong(check(surroundings))


def test_one_that_is_closed_to_its_user(
    surroundings: Surroundings, checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(checkpoints, 1)
    monkeypatch.setattr(journals, "is_writable", lambda _path: False)  # root may write to all
    finding = only(check(surroundings), Level.FAULT)
    assert finding.command == "chmod u+rw .agentos/checkpoints/lld_workflow_1.db"


def test_costs_that_cannot_be_read(
    surroundings: Surroundings, checkpoints: Path, project: Path
) -> None:
    (project / ".agentos/spending-issue.ndjson").write_text("[]\n")
    finding = only(check(surroundings), Level.FAULT)
    assert finding.hint == "--budget-reset begins anew, with nothing spent"
    typed(finding, project)
    assert not wrong(check(surroundings))
