"""Records of old runs: how many are kept, by itself and on request, and which one always is."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from command import Workspace

from agentos.records.pruning import KEPT

ALL = ("parallel", "lld", "--all")


@pytest.fixture
def shelf(shelf: Workspace) -> Workspace:
    """With one item, and one run."""
    shelf.keep_issues("042")
    assert shelf.run(*ALL)[0] == 0
    return shelf


def add_older_runs(shelf: Workspace, count: int) -> list[str]:
    """Copies of the run that there is, from a year in which nobody had this program."""
    [run] = names_of_runs(shelf)
    names = [f"20010101T00{number // 60:02}{number % 60:02}Z-0000" for number in range(count)]
    for name in names:
        shutil.copytree(folder_of_runs(shelf) / run, folder_of_runs(shelf) / name)
    return names


def add_an_issue(shelf: Workspace) -> None:
    """Something to do for a further run."""
    (shelf.root / "issues/057-another.md").write_text("# Another\n\n## Objective\n\nAnything.\n")


def folder_of_runs(shelf: Workspace) -> Path:
    return shelf.root / ".agentos/logs/parallel"


def names_of_runs(shelf: Workspace) -> list[str]:
    return sorted(run.name for run in folder_of_runs(shelf).iterdir())


def killed_run(shelf: Workspace) -> str:
    """One of another item, which is not finished."""
    before = names_of_runs(shelf)
    add_an_issue(shelf)
    running = shelf.start(*ALL, AGENTOS_EMBEDDED_LATENCY="60")
    running.wait_for_children(1)
    running.kill_all()
    [killed] = set(names_of_runs(shelf)) - set(before)
    assert not (folder_of_runs(shelf) / killed / "summary.json").exists()
    return killed


def test_a_run_keeps_the_last_fifty_with_its_own(shelf: Workspace) -> None:
    [first] = names_of_runs(shelf)
    older = add_older_runs(shelf, KEPT + 3)
    add_an_issue(shelf)

    assert shelf.run(*ALL)[0] in (0, 3)

    left = names_of_runs(shelf)
    assert KEPT == 50
    assert len(left) == KEPT
    assert left[:-2] == older[-(KEPT - 2) :]
    assert left[-2] == first


def test_prune_keeps_as_many_as_it_is_told_to(shelf: Workspace) -> None:
    newest = names_of_runs(shelf)
    older = add_older_runs(shelf, 4)

    assert shelf.run("runs", "prune", "--keep", "3") == (0, "2 runs deleted\n")

    assert names_of_runs(shelf) == [*older[-2:], *newest]
    assert shelf.run("runs", "prune", "--keep", "3") == (0, "0 runs deleted\n")


def test_one_that_is_not_finished_stays_and_is_resumed(shelf: Workspace) -> None:
    killed = killed_run(shelf)

    assert shelf.run("runs", "prune", "--keep", "0") == (0, "1 run deleted\n")

    assert names_of_runs(shelf) == [killed]
    code, output = shelf.run(*ALL)
    assert code in (0, 3), output
    assert f"run {killed} was cut off; its record is closed now" in output
    assert shelf.run("runs", "prune", "--keep", "0") == (0, "2 runs deleted\n")


def test_one_that_runs_stays(shelf: Workspace) -> None:
    [first] = names_of_runs(shelf)
    add_an_issue(shelf)
    running = shelf.start(*ALL, "--grace", "0", AGENTOS_EMBEDDED_LATENCY="60")
    running.wait_for_children(1)

    assert shelf.run("runs", "prune", "--keep", "0") == (0, "1 run deleted\n")

    assert first not in names_of_runs(shelf)
    running.process.send_signal(signal.SIGINT)
    assert running.finish()[0] == -signal.SIGINT
    assert (shelf.runs[0] / "summary.json").exists()


def test_a_run_removes_the_copies_of_journals_that_a_killed_look_left(
    shelf: Workspace, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    left = temporary / f"agentos-copy-{shelf.started[0].pid}-abcd1234"
    left.mkdir(parents=True)
    (left / "lld_workflow_42.db").touch()
    os.utime(left, (0, 0))
    add_an_issue(shelf)
    sockets = tempfile.gettempdir()  # whose path is short
    _, output = shelf.run(*ALL, TMPDIR=str(temporary), XDG_RUNTIME_DIR=sockets)
    assert "LLD-57" in output
    assert list(temporary.iterdir()) == []
