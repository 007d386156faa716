from pathlib import Path

import pytest

from agentos.backlog.hints import init_command, typed
from agentos.backlog.strays import Strays, markdown_in, strays_of


def test_a_folder_is_sorted_into_what_may_be_meant(tmp_path: Path) -> None:
    for name in (
        *("b.md", "A.md", "c.Markdown", "012-numbered.md"),
        *("README.md", "License.md", "_index.md", ".hidden.md", "x.new.md", "picture.png"),
        *("d.txt", "e.ORG"),
        *("open/a.md", "assets/picture.png", "done/a.md", "Templates/a.md", ".git/a.md"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.md").symlink_to("b.md")
    (tmp_path / "linked").symlink_to("open")
    assert strays_of(tmp_path) == Strays(
        markdown=("012-numbered.md", "A.md", "b.md", "c.Markdown"),
        other=("d.txt", "e.ORG"),
        folders=("open",),
    )
    assert markdown_in(tmp_path) == ("012-numbered.md", "A.md", "b.md", "c.Markdown")


def test_what_is_not_there_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert markdown_in(tmp_path / "nowhere") == markdown_in(tmp_path / "file") == ()
    assert not strays_of(tmp_path)


def test_commands_are_written_for_the_folder_that_the_user_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "my project"
    project.mkdir()
    monkeypatch.chdir(project)
    assert typed("agentos status", project) == "agentos status"
    assert init_command(project, "issues") == "agentos init --adopt issues"
    assert init_command(project, ".") == "agentos init --adopt ."
    monkeypatch.chdir(tmp_path)
    assert typed("agentos status", project) == "agentos status --project 'my project'"
    assert init_command(project, "a") == (
        "agentos init --adopt 'my project/a' --project 'my project'"
    )
    monkeypatch.chdir("/")
    assert typed("agentos status", Path("/elsewhere")) == "agentos status --project elsewhere"
    monkeypatch.chdir(project)
    assert typed("agentos status", tmp_path / "b") == f"agentos status --project {tmp_path}/b"


def test_a_folder_that_was_removed_under_the_user_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert typed("agentos status", tmp_path) == f"agentos status --project {tmp_path}"
