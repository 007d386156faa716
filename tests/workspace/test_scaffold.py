import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentos.core.errors import LockedError, UnsafePathError, UsageError
from agentos.publishing.issues import numbering_lock
from agentos.workspace import scaffold
from agentos.workspace.project import Project, open_project
from agentos.workspace.scaffold import copy_issues, number_issues, write_new

Write = Callable[[str], None]


@pytest.fixture
def opened(project: Path) -> Project:
    return open_project(project, {})


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def write(project: Path) -> Write:
    """A Markdown file below the project, its name as its title."""

    def make(name: str) -> None:
        path = project / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(f"# {path.stem}\n")

    return make


@pytest.fixture(params=[0o022, 0o002, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_mode_that_the_umask_leaves(project: Path, umask: int) -> None:
    write_new(project / "issues" / "001-a.md", "# \u00fcber\n", project)
    path = project / "issues" / "001-a.md"
    assert path.read_bytes() == "# \u00fcber\n".encode()
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert path.parent.stat().st_mode & 0o777 == 0o777 & ~umask
    assert listing(path.parent) == ["001-a.md"]


def test_nothing_is_written_over(project: Path) -> None:
    (project / "a.md").write_text("mine")
    (project / "dangling.md").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"a\.md is there already"):
        write_new(project / "a.md", "ours", project)
    assert (project / "a.md").read_text() == "mine"
    with pytest.raises(UnsafePathError, match="symlink"):
        write_new(project / "dangling.md", "ours", project)
    assert not (project / "nowhere").exists()


def test_a_folder_that_is_a_symlink_is_refused(opened: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (opened.root / "issues").symlink_to(tmp_path / "elsewhere")
    for act in (
        lambda: write_new(opened.root / "issues/001.md", "x", opened.root),
        lambda: number_issues(opened, ["a.md"], print),
        lambda: copy_issues(opened, {"a.md": b"x"}, "", print),
    ):
        with pytest.raises(UnsafePathError, match="symlink"):
            act()
    assert listing(tmp_path / "elsewhere") == []


def test_a_full_disk_leaves_nothing_behind(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes, *, mode: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(scaffold, "create_file", full)
    with pytest.raises(UsageError, match=r"001-a\.md cannot be written: No space left") as caught:
        write_new(project / "issues/001-a.md", "x", project)
    assert "disk is not full" in caught.value.hint
    assert listing(project) == []
    (project / "issues").mkdir()
    with pytest.raises(UsageError):
        write_new(project / "issues/001-a.md", "x", project)
    assert listing(project) == ["issues"]


def test_files_without_a_number_are_renamed_in_their_order(
    opened: Project, write: Write, told: list[str]
) -> None:
    for name in ("007-old.md", "Dark Mode.md", "alpha.md", "12_own.md", "008-x.MD"):
        write(f"issues/{name}")
    number_issues(opened, ["008-x.MD", "12_own.md", "alpha.md", "Dark Mode.md"], told.append)
    assert listing(opened.root / "issues") == [
        "007-old.md",
        "008-x.md",
        "012-own.md",
        "013-alpha.md",
        "014-dark-mode.md",
    ]
    assert (opened.root / "issues/014-dark-mode.md").read_text() == "# Dark Mode\n"
    assert told[-1] == "renamed issues/Dark Mode.md to issues/014-dark-mode.md"
    assert not opened.state.root.exists()


def test_a_rename_never_hits_another_file(
    opened: Project, write: Write, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("issues/a.md")
    write("issues/001-a.md")
    monkeypatch.setattr(scaffold, "read_issues", lambda _folder: {})  # as if it came in between
    with pytest.raises(UsageError, match=r"001-a\.md is there already"):
        number_issues(opened, ["a.md"], told.append)
    assert listing(opened.root / "issues") == ["001-a.md", "a.md"]
    assert told == []


def test_a_file_that_went_meanwhile_is_said(opened: Project, told: list[str]) -> None:
    (opened.root / "issues").mkdir()
    with pytest.raises(UsageError, match=r"001-a\.md cannot be written: No such file"):
        number_issues(opened, ["a.md"], told.append)


def test_copies_are_whole_and_told_one_by_one(
    opened: Project, write: Write, told: list[str]
) -> None:
    write("issues/004-there.md")
    found = {"there.md": b"# edited since\n", "new.md": b"---\nstate: closed\n---\n# New\r\n"}
    plan = copy_issues(opened, found, "docs/", told.append)
    assert told == ["copied docs/new.md to issues/005-new.md"]
    assert (opened.root / "issues/005-new.md").read_bytes() == found["new.md"]
    assert plan.there == {"there.md": "004-there.md"}
    assert copy_issues(opened, found, "docs/", told.append).copies == ()
    assert len(told) == 1


def test_a_batch_cannot_take_a_number_meanwhile(
    opened: Project, write: Write, told: list[str]
) -> None:
    def tell(_line: str) -> None:
        with (
            pytest.raises(LockedError),
            numbering_lock(opened.state.numbering_lock, timeout=0),
        ):
            told.append("not reached")
        told.append("was locked")

    write("issues/a.md")
    opened.state.root.mkdir()
    number_issues(opened, ["a.md"], tell)
    copy_issues(opened, {"b.md": b"# B\n"}, "", tell)
    assert told == ["was locked", "was locked"]
    with numbering_lock(opened.state.numbering_lock, timeout=0):
        assert listing(opened.root / "issues") == ["001-a.md", "002-b.md"]


def test_a_lock_that_cannot_be_held_is_a_fault_of_the_folder(
    opened: Project, write: Write, told: list[str]
) -> None:
    write("issues/a.md")
    opened.state.numbering_lock.mkdir(parents=True)
    with pytest.raises(UsageError, match=r"numbering\.lock cannot be locked"):
        number_issues(opened, ["a.md"], told.append)
    assert listing(opened.root / "issues") == ["a.md"]
