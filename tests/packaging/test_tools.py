"""pipx and uv give the wheel an environment of its own."""

import sys
from pathlib import Path

import pytest
from distributions import Distributions, run_well

import agentos

pytestmark = pytest.mark.timeout(600)  # both download what the wheel needs, with empty caches

VERSION = f"agentos, version {agentos.__version__}\n"


def test_pipx_installs_it_as_a_command(
    built: Distributions, installers: dict[str, str], tmp_path: Path
) -> None:
    pipx = [sys.executable, "-m", "pipx", "install", built.wheel]
    run_well(*pipx, cwd=tmp_path, environ=installers)
    command = Path(installers["PIPX_BIN_DIR"]) / "agentos"
    assert command.resolve().is_relative_to(installers["PIPX_HOME"])
    alone = {"HOME": str(tmp_path)}
    assert run_well(command, "--version", cwd=tmp_path, environ=alone) == VERSION
    needed = "The package for openai: pipx inject --force agentos 'openai>=3,<4'\n"
    assert needed in run_well(command, "models", cwd=tmp_path, environ=alone)


def test_uvx_runs_it_without_an_installation(
    built: Distributions, installers: dict[str, str], tmp_path: Path
) -> None:
    uvx = Path(sys.executable).with_name("uvx")
    said = run_well(
        *[uvx, "--from", built.wheel, "agentos", "--version"], cwd=tmp_path, environ=installers
    )
    assert said.splitlines(keepends=True)[-1] == VERSION
