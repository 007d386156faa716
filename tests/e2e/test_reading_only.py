"""`--dry-run` and `status` change nothing, whatever lies there."""

import os
from pathlib import Path

import pytest
from command import Workspace, wait_until
from trees import snapshot

READERS = [
    ("parallel", "lld", "--all", "--dry-run"),
    ("parallel", "issue", "--all", "--dry-run"),
    ("status",),
    ("doctor",),
]


@pytest.mark.parametrize("arguments", READERS)
def test_in_a_fresh_project(shelf: Workspace, own_home: Path, arguments: tuple[str, ...]) -> None:
    before = snapshot(shelf.root, own_home)

    assert shelf.run(*arguments)[0] == 0

    assert snapshot(shelf.root, own_home) == before


def test_beside_the_journals_of_a_killed_run(shelf: Workspace, own_home: Path) -> None:
    running = shelf.start("parallel", "lld", "--all", "-j", "5", AGENTOS_EMBEDDED_LATENCY="60")
    wait_until(
        lambda: sum(s == ["load", "context"] for s in shelf.steps("step_finished").values()) == 5,
        "five children are in their first call",
    )
    running.kill_all()
    before = snapshot(shelf.root, own_home)
    assert any(name.endswith(".db-wal") for name in before)
    temporary = shelf.scratch / "tmp"
    temporary.mkdir()

    code, output = shelf.run("parallel", "lld", "--all", "--dry-run", TMPDIR=str(temporary))
    assert code == 0
    assert output.count("resume after step context") == 5
    assert "Dry run: 14 of 14 items would run." in output
    code, output = shelf.run("status", TMPDIR=str(temporary))
    assert code == 0
    assert output.count("interrupted after context") == 5

    assert snapshot(shelf.root, own_home) == before
    assert os.listdir(temporary) == []


def test_a_dry_run_starts_no_process(shelf: Workspace) -> None:
    running = shelf.start("parallel", "lld", "--all", "--dry-run")
    while running.process.poll() is None:
        assert not running.children()
