"""The hook, by the real pre-commit, at real commits."""

import os
import subprocess
from pathlib import Path

import pytest
from built_package import BIN, CLONE
from repositories import GIT_ENVIRONMENT, git


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The copy of the sample project, with the hook installed."""
    config = (CLONE / "examples/ci/pre-commit-config.yaml").read_bytes()
    (repository / ".pre-commit-config.yaml").write_bytes(config)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PATH", f"{BIN}:/usr/bin:/bin")
    subprocess.run(["pre-commit", "install"], cwd=repository, check=True, capture_output=True)
    git(repository, "add", ".pre-commit-config.yaml")
    return repository


def commit(project: Path) -> tuple[int, str]:
    git(project, "add", "--all")
    done = subprocess.run(
        ["git", "commit", "--message", "A change"],
        cwd=project,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_backlog_that_can_be_read_is_committed(project: Path) -> None:
    issue = next((project / "issues").glob("042-*"))
    issue.write_text(issue.read_text() + "\nMore.\n")
    code, output = commit(project)
    assert code == 0, output
    assert "the backlog can be read" in output
    assert "Passed" in output
    assert not (project / ".agentos").exists()


def test_two_issues_with_one_number_are_not(project: Path) -> None:
    (project / "issues/42-again.md").write_text("# Again\n")
    code, output = commit(project)
    assert code == 1
    assert "Failed" in output
    assert "exit code: 2" in output
    assert "agentos: " in output
    assert "42-again.md" in output
    assert "Traceback" not in output
    assert git(project, "log", "--format=%s").split("\n")[0] == "The shelf"


def test_a_commit_that_leaves_the_backlog_alone_does_not_ask(project: Path) -> None:
    (project / "README.md").write_text("# Shelf\n")
    code, output = commit(project)
    assert code == 0, output
    assert "no files to check" in output
