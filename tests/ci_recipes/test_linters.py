"""What the linters of others say of the recipes."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from built_package import BIN, CLONE

RECIPES = CLONE / "examples/ci"
WORKFLOW = RECIPES / "agentos.yml"


def lint(*command: str | Path, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": f"{BIN}:/usr/bin:/bin", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


SCHEMA = (BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows")
ZIZMOR = (BIN / "zizmor", "--offline", "--no-progress", "--persona=pedantic")
SHELLCHECK = (BIN / "shellcheck", "--shell=bash", "--color=never")


def shellcheck_steps(workflow: Path, tmp_path: Path) -> tuple[int, str]:
    """What shellcheck says of the `run` steps, each as the script that the runner makes of it."""
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert scripts
    files = [tmp_path / f"{number}.sh" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_text(script)
    return lint(*SHELLCHECK, *files, cwd=tmp_path)


@pytest.mark.parametrize("linter", [SCHEMA, ZIZMOR], ids=lambda one: one[0].name)
def test_the_workflow_has_no_finding(linter: tuple[str | Path, ...], tmp_path: Path) -> None:
    code, output = lint(*linter, WORKFLOW, cwd=tmp_path)
    assert code == 0, output


@pytest.mark.parametrize(
    ("linter", "before", "after", "finding"),
    [
        (SCHEMA, "timeout-minutes: 75", "timeout-minutes: [75]", "timeout-minutes"),
        (ZIZMOR, "persist-credentials: false", "clean: true", "artipacked"),
        (ZIZMOR, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "unpinned-uses"),
    ],
    ids=["schema", "zizmor-credentials", "zizmor-pins"],
)
def test_each_linter_is_at_work(
    tmp_path: Path, linter: tuple[str | Path, ...], before: str, after: str, finding: str
) -> None:
    text = WORKFLOW.read_text()
    assert before in text
    copy = tmp_path / "agentos.yml"
    copy.write_text(text.replace(before, after))
    code, output = lint(*linter, copy, cwd=tmp_path)
    assert code != 0
    assert finding in output


def test_the_steps_are_clean_shell(tmp_path: Path) -> None:
    code, output = shellcheck_steps(WORKFLOW, tmp_path)
    assert code == 0, output

    broken = tmp_path / "broken.yml"
    quoted, bare = '"origin/$DOCUMENTS_BRANCH"', "origin/$DOCUMENTS_BRANCH"
    assert quoted in WORKFLOW.read_text()
    broken.write_text(WORKFLOW.read_text().replace(quoted, bare))
    code, output = shellcheck_steps(broken, tmp_path)
    assert code == 1
    assert "SC2086" in output


def test_the_hook_is_a_pre_commit_config(tmp_path: Path) -> None:
    config = RECIPES / "pre-commit-config.yaml"
    code, output = lint(BIN / "pre-commit", "validate-config", config, cwd=tmp_path)
    assert code == 0, output
