"""The wheel, in an empty virtual environment, is used from a folder that is not the clone's."""

import re
import sys
from pathlib import Path

import pytest
from distributions import Distributions, Installed, run, run_well
from packaging.requirements import Requirement

import agentos

pytestmark = pytest.mark.timeout(600)  # what is installed is installed once, in the first test

VERSION = f"agentos, version {agentos.__version__}\n"

ISSUE = """# Export the notes

## Objective

Readers take their notes with them.

## Requirements

- The command writes every note into one text file.

## Files to Create/Modify

- `notes.py`: the export

## Acceptance Criteria

- [ ] The file has one line for each note.
"""

BRIEF = "# Tags\n\nAdd tags to notes.\n\n## Acceptance Criteria\n\n- [ ] A note shows its tags.\n"

PROGRAM = """from agentos.workflows.parallel import CredentialCoordinator, ParallelCoordinator


def measure(item: int, secret: str) -> None:
    print(item, len(secret))


coordinator = ParallelCoordinator(
    max_workers=2, credential_coordinator=CredentialCoordinator(["made-up"])
)
stats, results = coordinator.execute_parallel([1, 2], measure, item_id_func=str)
succeeded: int = stats.success_count
print([result.item_id for result in results], succeeded)
"""


@pytest.fixture
def backlog(tmp_path: Path) -> Path:
    """A project with two issues and a brief."""
    for name, text in {
        "issues/001-export.md": ISSUE,
        "issues/002-import.md": ISSUE.replace("Export", "Import").replace("export", "import"),
        "ideas/active/tags.md": BRIEF,
        "notes.py": "NOTES: list[str] = []\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_command_and_the_module_are_those_of_the_wheel(installed: Installed) -> None:
    assert installed.run("--version").output == VERSION
    module = [installed.python, "-m", "agentos", "--version"]
    assert run_well(*module, cwd=installed.folder, environ=installed.environ) == VERSION
    where = [installed.python, "-c", "import agentos; print(agentos.__file__)"]
    place = run_well(*where, cwd=installed.folder, environ=installed.environ)
    assert place.startswith(str(installed.venv))


def test_a_batch_of_designs_runs(installed: Installed, backlog: Path) -> None:
    done = installed.run("parallel", "lld", "--all", project=backlog)
    assert (done.code, "2 approved" in done.output) == (0, True), done.output
    designs = sorted(path.name for path in (backlog / "docs/lld/active").iterdir())
    assert designs == ["LLD-001.md", "LLD-002.md"]


def test_a_batch_of_issues_runs(installed: Installed, backlog: Path) -> None:
    done = installed.run("parallel", "issue", "--all", project=backlog)
    assert "1/1 workflows complete" in done.output
    assert (done.code, (backlog / "issues/003-tags.md").is_file()) == (0, True), done.output


def test_the_doctor_finds_no_fault(installed: Installed, backlog: Path) -> None:
    done = installed.run("doctor", project=backlog)
    assert done.code == 0, done.output
    assert re.search(rf"^ok +packages +agentos {agentos.__version__} ", done.output, re.MULTILINE)


def test_nothing_is_missing_and_no_extra_came_along(
    installed: Installed, installers: dict[str, str]
) -> None:
    pip = [sys.executable, "-m", "pip", "--python", installed.python]
    run_well(*pip, "check", cwd=installed.folder, environ=installers)
    listed = run_well(*pip, "list", "--format=freeze", cwd=installed.folder, environ=installers)
    names = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert "agentos" in names
    assert names.isdisjoint({"anthropic", "google-genai", "keyring", "openai"})


def test_it_asks_for_the_sdk_that_its_extra_would_install(
    installed: Installed, built: Distributions
) -> None:
    done = installed.run("models")
    assert done.code == 0, done.output
    found = re.findall(r"^The package for .* '([^']+)'$", done.output, re.MULTILINE)
    asked = {Requirement(one) for one in found}
    extras = {
        Requirement(line.partition(";")[0])
        for line in built.metadata.get_all("Requires-Dist") or []
        if "extra ==" in line and "keyring" not in line
    }
    assert asked == extras


def test_what_uses_it_as_a_library_is_checked_against_its_types(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "right.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(PROGRAM.replace("succeeded: int", "succeeded: str"))
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", "cache"]
    mypy += ["--python-executable", str(installed.python)]
    clean = {"PATH": installed.environ["PATH"], "HOME": str(tmp_path)}
    said = run_well(*mypy, "right.py", cwd=tmp_path, environ=clean)
    assert said == "Success: no issues found in 1 source file\n"
    refused = run(*mypy, "wrong.py", cwd=tmp_path, environ=clean)
    assert refused.code == 1
    assert 'has type "int", variable has type "str"' in refused.output
    ran = run_well(installed.python, "right.py", cwd=tmp_path, environ=installed.environ)
    assert ran.endswith("['1', '2'] 2\n")
