"""A backlog to complete from."""

from pathlib import Path

import pytest


@pytest.fixture
def backlog(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project is the working directory; two issues are open, one is closed."""
    issues, ideas = project / "issues", project / "ideas/active"
    issues.mkdir()
    ideas.mkdir(parents=True)
    (issues / "042-export.md").write_text("# Export: BibTeX, and more\n")
    (issues / "430-loans.md").write_text("# Loans\n")
    (issues / "044-closed.md").write_text("---\nstate: closed\n---\n# Closed\n")
    (ideas / "dark-mode.md").write_text("# Dark mode\n")
    monkeypatch.chdir(project)
    return project
