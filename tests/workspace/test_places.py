from pathlib import Path

import pytest

from agentos.core.errors import BacklogError, UnsafePathError
from agentos.workspace.places import Findings, Place, find_backlog, may_be_issue


def write(project: Path, *names: str) -> None:
    for name in names:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# A title\n")


def test_an_empty_project_has_nothing(project: Path) -> None:
    assert find_backlog(project) == Findings()
    assert not find_backlog(project).has_backlog
    write(project, "issues/README.md", "README.md", "CHANGELOG.md", "LICENSE-MIT.md", "AGENTS.md")
    assert find_backlog(project) == Findings()


def test_what_is_there_is_counted(project: Path) -> None:
    write(project, "issues/1.md", "issues/a.md", "issues/b.txt", "ideas/active/x.md", "ideas/y.md")
    (project / "issues/2-done.md").write_text("---\nstate: closed\n---\n# Done\n")
    write(project, "ideas/done/z.md", "docs/issues/elsewhere.md", "tickets/elsewhere.md")
    found = find_backlog(project)
    assert found == Findings(
        issues=2,
        open_issues=1,
        briefs=2,
        open_briefs=1,
        unnumbered=("a.md",),
        other=("b.txt",),
        misplaced=("y.md",),
    )
    assert found.has_backlog


def test_where_issues_is_empty_other_places_are_looked_at(project: Path, tmp_path: Path) -> None:
    write(project, "issues/open/a.md", "issues/closed/b.md", "docs/issues/1.md", "docs/issues/2.md")
    write(project, "tickets/README.md", "IDEA.md", "NOTES.md", "SECURITY.md", "docs/guide.md")
    write(tmp_path, "elsewhere/a.md")
    (project / "backlog").symlink_to(tmp_path / "elsewhere")
    assert find_backlog(project).places == (
        Place("issues/open", 1),
        Place("docs/issues", 2),
        Place(".", 2),
    )
    write(project, "issues/unnumbered.md")
    assert find_backlog(project).places == ()


def test_in_the_projects_own_folder_more_is_about_the_project() -> None:
    assert may_be_issue("security.md", is_root=False)
    assert not may_be_issue("security.md", is_root=True)
    assert not may_be_issue("README.md", is_root=False)
    assert may_be_issue("dark-mode.md", is_root=True)


def test_a_backlog_that_contradicts_itself_is_refused(project: Path, tmp_path: Path) -> None:
    write(project, "issues/1.md", "issues/001-again.md")
    with pytest.raises(BacklogError, match="more than once"):
        find_backlog(project)
    other = tmp_path / "other"
    write(tmp_path, "other/x.md")
    (other / "issues").symlink_to(project / "issues")
    with pytest.raises(UnsafePathError, match="symlink"):
        find_backlog(other)


def test_a_file_in_the_place_of_the_folder_is_said(project: Path) -> None:
    (project / "issues").touch()
    with pytest.raises(BacklogError, match="issues cannot be read: Not a directory"):
        find_backlog(project)


def test_a_folder_for_briefs_that_is_none_is_said(project: Path) -> None:
    write(project, "ideas/active")
    with pytest.raises(BacklogError, match="ideas/active cannot be read"):
        find_backlog(project)
