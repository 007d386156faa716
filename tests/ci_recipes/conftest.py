"""What the recipes are tried with: a wheel, an environment for it, and a repository."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from built_package import CLONE, build, lending_environment
from command import SAMPLE, processes_of
from repositories import commit, git


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    [found] = build(CLONE, tmp_path_factory.mktemp("wheel") / "dist", "--wheel")
    return found


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment in which agentos is not installed, but all that it needs."""
    return lending_environment(tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """The sample project with three of its issues, in git; afterwards nothing of it may run."""
    root = tmp_path / "shelf"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".agentos", "__pycache__"))
    for issue in (root / "issues").iterdir():
        if issue.name[:3] not in ("042", "057", "128"):
            issue.unlink()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "The shelf")
    yield root
    leftovers = processes_of(tmp_path)
    for leftover in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            leftover.kill()
    assert not leftovers, leftovers
