"""A project with one issue, and a look at it without a process of its own."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from patient import ISSUE

from agentos.core.installation import Installation
from agentos.core.paths import StatePaths
from agentos.diagnosis.surroundings import Surroundings
from agentos.workspace.project import Project


@pytest.fixture
def surroundings(project: Path, environ: dict[str, str], tmp_path: Path) -> Surroundings:
    """Seen from the project's own folder, by an agentos that pip has installed."""
    (project / "issues").mkdir()
    (project / "issues/001-sort.md").write_text(ISSUE)
    return Surroundings(
        project=Project(project, StatePaths(project / ".agentos")),
        environ=environ | {"TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
        here=project,
        installation=Installation("/opt/it/bin/python", Path("/opt/it"), "/bin"),
    )


@pytest.fixture
def elsewhere(surroundings: Surroundings, tmp_path: Path) -> Surroundings:
    """The same, seen from another folder."""
    return replace(surroundings, here=tmp_path / "home")
