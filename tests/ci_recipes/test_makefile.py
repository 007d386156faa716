"""The Makefile fragment, by the real make, as a project includes it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from built_package import BIN, CLONE
from command import Workspace, wait_until


@pytest.fixture
def project(repository: Path) -> Path:
    """The copy of the sample project, with the fragment beside a Makefile of its own."""
    (repository / "agentos.mk").write_bytes((CLONE / "examples/ci/agentos.mk").read_bytes())
    (repository / "Makefile").write_text("all:\n\t@echo of its own\n\ninclude agentos.mk\n")
    return repository


def start(project: Path, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["make", "--no-print-directory", *arguments],
        cwd=project,
        env=os.environ | {"PATH": f"{BIN}:/usr/bin:/bin", "LC_ALL": "C", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def make(project: Path, *arguments: str) -> tuple[int, str]:
    process = start(project, *arguments)
    output, _ = process.communicate(timeout=100)
    return process.returncode, output


def only(project: Path, number: str) -> None:
    for issue in (project / "issues").iterdir():
        if not issue.name.startswith(number):
            issue.unlink()


def test_a_dry_run_writes_nothing(project: Path) -> None:
    code, output = make(project, "lld-dry-run", "J=2")
    assert code == 0, output
    assert output.startswith('agentos parallel lld --all --project "." -j 2  --dry-run\n')
    assert "Dry run: 3 of 3 items would run." in output
    assert not (project / ".agentos").exists()


def test_a_document_that_needs_revision_is_no_broken_build(project: Path) -> None:
    only(project, "128")
    code, output = make(project, "lld", "AGENTOS_OPTIONS=-q")
    assert code == 0, output
    assert output.startswith('agentos parallel lld --all --project "." -j 3 -q\n')
    assert "1 needs revision" in output
    assert output.endswith("agentos ended with exit code 3\n")
    assert (project / "docs/lld/active/LLD-128.md").exists()


def test_unless_it_shall_be_one(project: Path) -> None:
    only(project, "128")
    code, output = make(project, "lld", "PASS_ON=0")
    assert code == 2  # make's own, whatever the code was
    assert "agentos ended with exit code 3\nmake: *** [agentos.mk:" in output
    assert output.endswith("Error 3\n")


def test_an_approved_batch_says_no_more(project: Path) -> None:
    only(project, "042")
    code, output = make(project, "lld")
    assert code == 0, output
    assert "exit code" not in output


def test_what_is_broken_fails(project: Path) -> None:
    (project / "issues/42-again.md").write_text("# Again\n")
    for target in ("lld", "lld-dry-run"):
        code, output = make(project, target)
        assert code == 2
        assert output.endswith("Error 2\n")


def test_issues_are_made_for_a_project_elsewhere(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "of two words"
    project.rename(elsewhere)
    for brief in (elsewhere / "ideas/active").iterdir():
        if brief.name != "dark-mode.md":
            brief.unlink()
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "Makefile").write_bytes((elsewhere / "agentos.mk").read_bytes())
    code, output = make(clone, "issues", f"PROJECT={elsewhere}", f"AGENTOS={BIN / 'agentos'}")
    assert code == 0, output
    [written] = (elsewhere / "issues").glob("*-dark-mode.md")
    assert "Status: needs revision" in written.read_text()


def test_ctrl_c_reaches_the_run_and_make_waits_for_it(project: Path) -> None:
    process = start(project, "lld", "AGENTOS_OPTIONS=--grace 0", AGENTOS_EMBEDDED_LATENCY="20")
    workspace = Workspace(project, project)
    wait_until(lambda: workspace.journals, "there is a journal")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    output, _ = process.communicate(timeout=100)
    assert process.returncode != 0
    assert "[COORDINATOR] Shutting down... waiting for workers to checkpoint" in output
    assert "3 interrupted" in output
    assert workspace.summary(workspace.runs[-1])["exit_code"] == 130


def test_our_own_makefile_has_the_same_targets() -> None:
    done = subprocess.run(
        ["make", "-C", str(CLONE), "help"], capture_output=True, text=True, check=True
    )
    targets = [line.split()[0] for line in done.stdout.splitlines() if line[:1].isalpha()]
    assert {"lld", "lld-dry-run", "issues", "test", "check"} <= set(targets)
