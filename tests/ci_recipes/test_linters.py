"""What the linters of others say of the recipes."""

import os
import subprocess
from pathlib import Path

import pytest
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
ACTIONLINT = (BIN / "actionlint", "-no-color", "-shellcheck", str(BIN / "shellcheck"))


@pytest.mark.parametrize("linter", [SCHEMA, ZIZMOR, ACTIONLINT], ids=lambda one: one[0].name)
def test_the_workflow_has_no_finding(linter: tuple[str | Path, ...], tmp_path: Path) -> None:
    code, output = lint(*linter, WORKFLOW, cwd=tmp_path)
    assert code == 0, output


@pytest.mark.parametrize(
    ("linter", "before", "after", "finding"),
    [
        (SCHEMA, "timeout-minutes: 75", "timeout-minutes: [75]", "timeout-minutes"),
        (ZIZMOR, "persist-credentials: false", "clean: true", "artipacked"),
        (ZIZMOR, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "unpinned-uses"),
        (ACTIONLINT, "steps.documents.outputs", "steps.document.outputs", "document"),
        (ACTIONLINT, '"origin/$DOCUMENTS_BRANCH"', "origin/$DOCUMENTS_BRANCH", "SC2086"),
    ],
    ids=["schema", "zizmor-credentials", "zizmor-pins", "actionlint", "shellcheck"],
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


def test_the_hook_is_a_pre_commit_config(tmp_path: Path) -> None:
    config = RECIPES / "pre-commit-config.yaml"
    code, output = lint(BIN / "pre-commit", "validate-config", config, cwd=tmp_path)
    assert code == 0, output
