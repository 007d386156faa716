"""A newcomer's first minutes: questions on a terminal, five issues of one's own, closed doors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import Workspace
from nobody import AS_NOBODY, needs_setpriv, without_coverage
from terminal import END_OF_INPUT, Terminal

from agentos.workspace.example_issue import EXAMPLE_NAME

BUG = """\
# Search finds nothing

**Describe the bug**
A search for a word of the title finds nothing.

**Expected behavior**
The task is found.
"""
ISSUES = {
    "dark-mode.md": "# Dark mode\n\nThe page is too bright at night.\n",
    "bug-search.md": BUG,
    "export.md": "## Proposed solution\n\nA button that writes a CSV file.\n",
    "release.md": "# Release\n\nAll of this comes before it:\n\n- [ ] tag\n- [ ] push\n",
    "complete.md": "# Sort\n\n## Goal\n\nOrder.\n\n## Acceptance Criteria\n\n- It is sorted.\n",
}


def write_issues(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, text in ISSUES.items():
        (folder / name).write_text(text)


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_five_issues_of_ones_own_become_five_documents(project: Path) -> None:
    write_issues(project / "issues")
    with Terminal(["init"], project) as terminal:
        terminal.answer("Which one is to write? [embedded]: ", "")
        terminal.wait_for("5 files of issues/ are not called NNN-slug.md, such as bug-search.md.\n")
        terminal.answer("Rename them, each with a number of its own? [Y/n]: ", "")
        assert terminal.finish() == 0
    assert "there are now 5 issues in issues/, 5 open\n" in terminal.screen
    assert "agentos parallel lld --all " in terminal.screen

    code, output = Workspace(project, project.parent).run("parallel", "lld", "--all")

    assert code == 3, output
    assert "1 approved, 4 need revision" in output
    documents = {path.name: path for path in (project / "docs/lld/active").iterdir()}
    assert sorted(documents) == [f"LLD-00{n}.md" for n in range(1, 6)]
    bug, export, release = (documents[f"LLD-00{n}.md"].read_text() for n in (1, 4, 5))
    assert "- **R1** The task is found." in bug
    assert "say the one under `## Acceptance Criteria` or the other under" in bug
    assert "- **no-requirements**" not in bug
    assert export.startswith("# LLD: Export\n")
    assert "- **R2** push" in release


def test_wrong_answers_are_asked_for_again(project: Path) -> None:
    write_issues(project / "tickets")
    with Terminal(["init"], project) as terminal:
        terminal.answer("[embedded]: ", "opena/x")
        terminal.wait_for("is openai meant?")
        terminal.answer("[embedded]: ", "openai/x")
        terminal.wait_for("tickets/ may hold issues, 5 Markdown files.\n")
        terminal.answer("Copy to issues/, numbered? [Y/n]: ", "n")
        assert terminal.finish() == 0
    assert "First:\n  agentos credentials add openai\n" in terminal.screen
    assert [name for name in listing(project) if not name.startswith("tickets/")] == [
        "agentos.toml",
        f"issues/{EXAMPLE_NAME}",
    ]


def test_what_lies_elsewhere_is_copied_on_a_yes(project: Path) -> None:
    write_issues(project / "tickets")
    with Terminal(["init", "--drafter", "embedded"], project) as terminal:
        terminal.answer("Copy to issues/, numbered? [Y/n]: ", "")
        assert terminal.finish() == 0
    assert len(listing(project / "issues")) == len(listing(project / "tickets")) == 5


def test_a_folder_of_empty_files_is_no_reason_to_stop(project: Path) -> None:
    (project / "tickets").mkdir()
    (project / "tickets/a.md").touch()
    with Terminal(["init", "--drafter", "embedded"], project) as terminal:
        terminal.answer("Copy to issues/, numbered? [Y/n]: ", "")
        assert terminal.finish() == 0
    assert "not copied: tickets/a.md: it is empty" in terminal.screen
    assert listing(project) == ["agentos.toml", f"issues/{EXAMPLE_NAME}", "tickets/a.md"]


@pytest.mark.parametrize("answers", [0, 1])
def test_ctrl_c_at_a_question_leaves_nothing(project: Path, answers: int) -> None:
    write_issues(project / "issues")
    before = listing(project)
    with Terminal(["init"], project) as terminal:
        terminal.wait_for("[embedded]: ")
        if answers:
            terminal.answer("[embedded]: ", "")
            terminal.wait_for("[Y/n]: ")
        terminal.interrupt()
        assert terminal.finish() == 130
    assert listing(project) == before
    assert "Traceback" not in terminal.screen


def test_the_end_of_input_takes_every_default(project: Path) -> None:
    write_issues(project / "issues")
    with Terminal(["init"], project) as terminal:
        terminal.wait_for("[embedded]: ")
        terminal.type(END_OF_INPUT)
        assert terminal.finish() == 0
    assert "[Y/n]" not in terminal.screen
    assert 'drafter = "embedded"\n' in (project / "agentos.toml").read_text()
    assert len([name for name in listing(project / "issues") if name[:3].isdecimal()]) == 5


def test_the_example_is_approved_by_the_embedded_model(project: Path) -> None:
    own = Workspace(project, project.parent)
    assert own.run("init")[0] == 0
    assert not (project / ".agentos").exists()
    code, output = own.run("parallel", "lld", "--all")
    assert (code, "1 approved" in output) == (0, True)


@needs_setpriv
@pytest.mark.parametrize("closed", ["project", "issues"])
def test_a_project_that_is_read_only(project: Path, closed: str) -> None:
    write_issues(project / "issues")
    project.chmod(0o777 if closed == "issues" else 0o755)
    before = listing(project)
    adopting = ("--adopt", str(project / "issues"))
    for arguments in [adopting] if closed == "issues" else [(), adopting]:
        result = subprocess.run(
            [*AS_NOBODY, sys.executable, "-m", "agentos", "init", "--project", project, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=without_coverage(),
        )
        assert result.returncode == 2, result
        assert "cannot be written: Permission denied" in result.stderr
        assert listing(project) == before


def test_a_disk_that_is_full(project: Path) -> None:
    program = (
        "import resource, sys\n"
        "limits = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))\n"
        "from agentos.cli.main import run\n"
        "code = run(['init'])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, limits)\n"
        "sys.exit(code)\n"
    )
    result = subprocess.run(
        [sys.executable, "-B", "-c", program],  # a module's cache would be cut as well, and stay so
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
    )
    assert result.returncode == 2, result
    assert "agentos.toml cannot be written: File too large" in result.stderr
    assert os.listdir(project) == []
