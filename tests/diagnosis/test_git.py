"""Real repositories, real answers."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from command import wait_until

from agentos.diagnosis import git
from agentos.diagnosis.finding import Finding, Level
from agentos.diagnosis.git import check, is_tracked
from agentos.diagnosis.surroundings import Surroundings

Run = Callable[..., None]


@pytest.fixture
def run(project: Path) -> Run:
    def run(*words: str) -> None:
        subprocess.run(["git", "-C", str(project), *words], check=True)

    return run


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def the_warning(surroundings: Surroundings) -> Finding:
    [finding] = check(surroundings)
    assert finding.level is Level.WARNING
    return finding


def mend(finding: Finding, project: Path) -> None:
    subprocess.run(["bash", "-c", finding.command], cwd=project, check=True)


def test_no_repository(surroundings: Surroundings, project: Path) -> None:
    finding = the_warning(surroundings)
    assert finding.command == "git init ."
    mend(finding, project)
    assert [one.level for one in check(surroundings)] == [Level.OK]


def test_not_installed(surroundings: Surroundings) -> None:
    finding = the_warning(replace(surroundings, environ={"PATH": "/nonexistent"}))
    assert "git is not installed" in finding.sentence


def test_state_that_is_in_the_repository(
    surroundings: Surroundings, project: Path, run: Run
) -> None:
    run("init", "--quiet")
    (project / ".agentos").mkdir()
    (project / ".agentos/lock").touch()
    run("add", "--force", ".agentos")

    finding = the_warning(surroundings)

    assert ".agentos is in the repository" in finding.sentence
    mend(finding, project)
    assert (project / ".agentos/lock").exists()
    assert [one.level for one in check(surroundings)] == [Level.OK]


@pytest.mark.parametrize("below", [".", "parts/shelf"])
def test_documents_that_are_ignored(
    surroundings: Surroundings, project: Path, tmp_path: Path, below: str
) -> None:
    """Also by a rule of a repository of which the project is only a part."""
    part = project / below
    part.mkdir(parents=True, exist_ok=True)
    (part / "issues").mkdir(exist_ok=True)
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    (project / ".gitignore").write_text("*.tmp\ndocs/\n")
    seen = replace(surroundings, project=replace(surroundings.project, root=part), here=tmp_path)

    finding = the_warning(seen)

    assert finding.sentence == (
        "git ignores docs/lld/active, docs/lineage/active, docs/lld/lld-status.json,"
        " by the rule .gitignore:2:docs/"
    )
    assert finding.command == f"${{EDITOR:-vi}} {seen.word(project / '.gitignore')}"


def test_a_program_that_the_repository_names_is_not_run(
    surroundings: Surroundings, project: Path, tmp_path: Path, run: Run
) -> None:
    run("init", "--quiet")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    run("add", ".")
    run("config", "core.fsmonitor", str(trap))
    list(check(surroundings))
    assert not (tmp_path / "sprung").exists()


def test_a_repository_of_somebody_elses(surroundings: Surroundings) -> None:
    refused = "fatal: detected dubious ownership in repository at '/x'\nTo add an exception ..."
    finding = git._no_repository(surroundings, refused.splitlines())
    assert "detected dubious ownership" in finding.sentence
    root = surroundings.project.root
    assert finding.command == f"git config --global --add safe.directory {root}"


def test_one_that_does_not_answer(
    surroundings: Surroundings, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    (tmp_path / "git").write_text(f"#!/bin/sh\nsleep 60 & echo $! >> {pid}\nsleep 60\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setattr(git, "_SECONDS", 0.5)
    slow = replace(surroundings, environ={"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert the_warning(slow).sentence == "git does not answer: TimeoutExpired"
    assert not is_tracked(slow, project / "issues/001-sort.md")
    started = [int(line) for line in pid.read_text().split()]
    wait_until(lambda: not any(map(is_running, started)), "what git started has ended")


def test_variables_of_another_repository_do_not_count(
    surroundings: Surroundings, project: Path, run: Run
) -> None:
    run("init", "--quiet")
    of_a_hook = {**surroundings.environ, "GIT_DIR": "/nonexistent/.git", "GIT_INDEX_FILE": "x"}
    assert [one.level for one in check(replace(surroundings, environ=of_a_hook))] == [Level.OK]


def test_what_git_knows(surroundings: Surroundings, project: Path, run: Run) -> None:
    issue = project / "issues/001-sort.md"
    assert not is_tracked(surroundings, issue)
    run("init", "--quiet")
    assert not is_tracked(surroundings, issue)
    run("add", ".")
    assert is_tracked(surroundings, issue)
