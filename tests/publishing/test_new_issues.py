from pathlib import Path

import filelock
import pytest

from agentos.core.errors import ItemError, LockedError, UnsafePathError
from agentos.publishing.issues import (
    find_issue_of_brief,
    issue_path,
    move_brief_to_done,
    next_number,
    numbering_lock,
    remove_unfinished_issues,
    where_brief_lies,
)


def write(project: Path, name: str, text: str = "# T\n") -> Path:
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_numbering_lock_excludes_others_and_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / ".agentos" / "numbering.lock"
    for _ in range(2):
        with (
            numbering_lock(path),
            pytest.raises(LockedError, match=r"numbering\.lock"),
            numbering_lock(path, timeout=0),
        ):
            pytest.fail("held twice")
    with filelock.FileLock(path, timeout=0):
        pass


def test_numbers_go_on_after_the_highest(tmp_path: Path) -> None:
    assert next_number(tmp_path) == 1
    write(tmp_path, "issues/README.md")
    assert next_number(tmp_path) == 1
    write(tmp_path, "issues/009-a.md", "---\nstate: closed\n---\n")
    write(tmp_path, "issues/10.md")
    assert next_number(tmp_path) == 11
    (tmp_path / "issues/12-link.md").symlink_to("nowhere")
    assert next_number(tmp_path) == 13


def test_an_issue_is_called_by_number_and_slug() -> None:
    project = Path("/p")
    assert issue_path(project, 7, "dark-mode") == Path("/p/issues/007-dark-mode.md")
    assert issue_path(project, 1234, "../Ü x") == Path("/p/issues/1234-u-x.md")


def test_an_issue_is_found_by_its_brief(tmp_path: Path) -> None:
    assert find_issue_of_brief(tmp_path, "dark-mode") is None
    write(tmp_path, "issues/001-a.md", "---\nbrief: other\n---\n# T\n")
    write(tmp_path, "issues/002-b.md", "# T\nbrief: dark-mode\n")
    write(tmp_path, "issues/003-c.md", "---\nbrief: [\n---\n")
    (tmp_path / "issues/004-d.md").write_bytes(b"---\nbrief: dark-mode \xff\n---\n")
    outside = write(tmp_path, "outside.md", "---\nbrief: dark-mode\n---\n")
    (tmp_path / "issues/005-e.md").symlink_to(outside)
    (tmp_path / "issues/006-f.md").mkdir()
    assert find_issue_of_brief(tmp_path, "dark-mode") is None
    write(tmp_path, "issues/20-late.md", "---\nbrief: dark-mode\n---\n")
    found = write(tmp_path, "issues/007-g.md", "---\ntitle: x\nbrief: dark-mode\n---\n# T\n")
    assert find_issue_of_brief(tmp_path, "dark-mode") == found
    number = write(tmp_path, "issues/021.md", "---\nbrief: 2026\n---\n")
    assert find_issue_of_brief(tmp_path, "2026") == number
    assert find_issue_of_brief(tmp_path, "None") is None


def test_a_folder_of_issues_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "issues").touch()
    with pytest.raises(ItemError, match="Not a directory"):
        next_number(tmp_path)
    (tmp_path / "issues").unlink()
    (tmp_path / "issues").symlink_to(tmp_path)
    with pytest.raises(UnsafePathError):
        find_issue_of_brief(tmp_path, "x")


def test_what_killed_writers_left_of_issues_goes_and_nothing_else(tmp_path: Path) -> None:
    remove_unfinished_issues(tmp_path)
    left = write(tmp_path, "issues/.020-dark-mode.md.tmp")
    others = [
        write(tmp_path, f"issues/{name}")
        for name in ("020-dark-mode.md", "021-b.md.tmp", ".notes.md.tmp", ".022-c.md")
    ]
    remove_unfinished_issues(tmp_path)
    assert not left.exists()
    assert all(file.exists() for file in others)
    write(tmp_path, "issues/.023-d.md.tmp/file")
    with pytest.raises(ItemError, match=r"\.023-d\.md\.tmp cannot be written"):
        remove_unfinished_issues(tmp_path)


@pytest.mark.parametrize("brief_id", ["dark-mode", "dark-mode-2"])
def test_a_brief_is_found_before_and_after_its_move(tmp_path: Path, brief_id: str) -> None:
    brief = write(tmp_path, "ideas/active/Dark Mode.md")
    assert where_brief_lies(tmp_path, brief, brief_id) == brief
    done = move_brief_to_done(tmp_path, brief, brief_id)
    assert where_brief_lies(tmp_path, brief, brief_id) == done
    assert where_brief_lies(tmp_path, done, brief_id) == done
    done.unlink()
    assert where_brief_lies(tmp_path, brief, brief_id) == brief


def test_a_done_brief_keeps_its_name_and_moving_it_again_is_harmless(tmp_path: Path) -> None:
    brief = write(tmp_path, "ideas/active/Dark Mode.md")
    done = tmp_path / "ideas" / "done" / "Dark Mode.md"
    assert move_brief_to_done(tmp_path, brief, "dark-mode") == done
    assert move_brief_to_done(tmp_path, brief, "dark-mode") == done
    assert move_brief_to_done(tmp_path, done, "dark-mode") == done
    assert (brief.exists(), done.read_text()) == (False, "# T\n")


def test_a_brief_with_a_counted_id_is_named_by_it(tmp_path: Path) -> None:
    write(tmp_path, "ideas/done/dark-mode.md", "first")
    brief = write(tmp_path, "ideas/active/dark-mode.md", "second")
    target = tmp_path / "ideas" / "done" / "dark-mode-2.md"
    for _ in range(2):
        assert move_brief_to_done(tmp_path, brief, "dark-mode-2") == target
    assert target.read_text() == "second"


def test_nothing_in_done_is_written_over(tmp_path: Path) -> None:
    write(tmp_path, "ideas/done/a.md", "first")
    (tmp_path / "ideas/done/a-2.md").symlink_to("nowhere")
    brief = write(tmp_path, "ideas/active/a.md", "second")
    assert move_brief_to_done(tmp_path, brief, "a") == tmp_path / "ideas/done/a-3.md"
    assert (tmp_path / "ideas/done/a.md").read_text() == "first"


def test_a_move_that_fails_leaves_the_brief(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = write(tmp_path, "ideas/active/a.md")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(ItemError, match=r"done/a\.md cannot be written: No space"):
            move_brief_to_done(tmp_path, brief, "a")
    assert brief.exists()
    assert move_brief_to_done(tmp_path, brief, "a").exists()


@pytest.mark.parametrize("link", ["ideas/done", "ideas/active/a.md"])
def test_a_symlink_is_neither_moved_nor_moved_into(tmp_path: Path, link: str) -> None:
    project = tmp_path / "project"
    outside = write(tmp_path, "outside/a.md")
    (project / "ideas" / "active").mkdir(parents=True)
    if link == "ideas/done":
        write(project, "ideas/active/a.md")
    (project / link).symlink_to(outside.parent if link == "ideas/done" else outside)
    with pytest.raises(UnsafePathError):
        move_brief_to_done(project, project / "ideas/active/a.md", "a")
    assert list(outside.parent.iterdir()) == [outside]
