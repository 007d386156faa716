import os
import sys
from pathlib import Path

import pytest

from agentos.backlog.issues import find_issues
from agentos.core.errors import BacklogError, UnsafePathError
from agentos.core.items import Kind


@pytest.fixture
def issues(tmp_path: Path) -> Path:
    folder = tmp_path / "issues"
    folder.mkdir()
    return folder


def test_issues_come_in_the_order_of_their_numbers(issues: Path) -> None:
    for name in ("100-last.md", "9.md", "010-middle.md", "002-first.md"):
        (issues / name).write_text("# T\n")
    backlog = find_issues(issues.parent)
    assert backlog.kind is Kind.LLD
    assert [entry.item.id for entry in backlog.entries] == ["2", "9", "10", "100"]
    assert backlog.entries[0].item.label == "LLD-2"
    assert backlog.entries[0].item.source == issues / "002-first.md"
    assert backlog.notices == ()


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "_template.md",
        ".042-hidden.md",
        "042-draft.new.md",
        "042.new.md",
        "picture.png",
        "closed/old.md",
    ],
)
def test_other_files_are_none_of_the_backlogs(issues: Path, name: str) -> None:
    (issues / name).parent.mkdir(exist_ok=True)
    (issues / name).write_text("# No issue\n")
    (issues / "1.md").write_text("# An issue\n")
    backlog = find_issues(issues.parent)
    assert ([entry.item.id for entry in backlog.entries], backlog.notices) == (["1"], ())


UNNUMBERED = ["042-note.MD", "x42-note.md", "042note.md", "dark-mode.markdown", "\u0664-note.md"]


@pytest.mark.parametrize("name", UNNUMBERED)
def test_a_file_without_a_number_is_left_out_and_said(issues: Path, name: str) -> None:
    (issues / name).write_text("# Meant to be one\n")
    (issues / "1.md").write_text("# An issue\n")
    backlog = find_issues(issues.parent)
    assert [entry.item.id for entry in backlog.entries] == ["1"]
    (notice,) = backlog.notices
    assert notice.startswith(f"issues/{name} is left out: an issue is called NNN-slug.md; `agentos")
    assert f"init --adopt {issues} --project {issues.parent}` numbers it" in notice


def test_many_of_them_are_counted(issues: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*UNNUMBERED, "1.md", "a.txt", "b.rst"):
        (issues / name).write_text("# Meant to be one\n")
    monkeypatch.chdir(issues.parent)
    unnumbered, others = find_issues(issues.parent).notices
    assert "5 Markdown files of issues/, such as issues/042-note.MD, are left out" in unnumbered
    assert "`agentos init --adopt issues` numbers them" in unnumbered
    assert others == (
        "2 files of issues/, such as issues/a.txt, are left out: an issue is a Markdown file"
        " called NNN-slug.md"
    )


@pytest.mark.parametrize(
    ("names", "sentence", "hint"),
    [
        (["b.md", "a.md", "c.txt"], "No file of issues/ is called NNN-slug.md.*: a.md, b.md",
         "type: agentos init --adopt issues"),
        ([f"{n}.md" for n in "abcde"], "a.md, b.md, c.md and 2 more", "--adopt issues"),
        (["open/a.md", "b.txt"], "issues/ holds no issue itself, but issues/open/",
         "type: agentos init --adopt issues/open"),
        (["a.txt", "b.org"], "issues/ holds no Markdown file, only a.txt, b.org", "rename them"),
    ],
)  # fmt: skip
def test_a_folder_of_which_nothing_counts_is_refused(
    issues: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], sentence: str, hint: str
) -> None:
    for name in names:
        (issues / name).parent.mkdir(exist_ok=True)
        (issues / name).write_text("# Meant to be one\n")
    monkeypatch.chdir(issues.parent)
    with pytest.raises(BacklogError, match=sentence) as caught:
        find_issues(issues.parent)
    assert caught.value.hint.endswith(hint)


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("042-slug.md", "---\ntitle: Front\n---\n# The *head*\n# Second\n", "The head"),
        ("042-slug.md", "---\ntitle: Front\n---\nno head\n", "Front"),
        ("042-slug.md", "---\ntitle: 7\n---\n", "7"),
        ("042-slug.md", "\ufeff# After a mark\r\n", "After a mark"),
        ("042-add-isbn_check.md", "text", "Add isbn check"),
        ("042-v1.2-fix.md", "", "V1.2 fix"),
        ("042.md", "", "Issue 42"),
        ("042-.md", "", "Issue 42"),
        ("042-broken.md", "---\ntitle: [\n---\n# Head\n", "Broken"),
        ("042-odd\nname.md", "", "Odd name"),
    ],
)
def test_a_title_is_found_in_the_file_or_made_from_its_name(
    issues: Path, name: str, text: str, title: str
) -> None:
    (issues / name).write_text(text)
    (entry,) = find_issues(issues.parent).entries
    assert (entry.item.title, entry.item.id, entry.is_open) == (title, "42", True)


@pytest.mark.parametrize("head", ["state: closed", "state: Done", "state: ' CLOSED '"])
def test_closed_issues_are_not_open(issues: Path, head: str) -> None:
    (issues / "1.md").write_text(f"---\n{head}\n---\n# T\n")
    assert [entry.is_open for entry in find_issues(issues.parent).entries] == [False]


@pytest.mark.parametrize("head", ["state: open", "state:", "state: [closed]", "closed: true"])
def test_other_states_are_open(issues: Path, head: str) -> None:
    (issues / "1.md").write_text(f"---\n{head}\n---\n# T\n")
    assert [entry.is_open for entry in find_issues(issues.parent).entries] == [True]


def test_what_cannot_be_read_is_an_open_item_all_the_same(issues: Path) -> None:
    (issues / "001-not-text.md").write_bytes(b"# \xff\xfe\n")
    (entry,) = find_issues(issues.parent).entries
    assert (entry.item.title, entry.is_open) == ("Not text", True)


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_a_file_name_that_is_not_text_makes_a_title_that_is(issues: Path) -> None:
    os.close(os.open(os.fsencode(issues) + b"/002-a\xff.md", os.O_CREAT))
    (entry,) = find_issues(issues.parent).entries
    assert entry.item.title == "A\\xff"


def test_symlinks_are_left_out_and_named(issues: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n")
    (issues / "001-link.md").symlink_to(tmp_path / "secret.md")
    (issues / "README.md").symlink_to(tmp_path / "secret.md")
    (issues / "002-real.md").write_text("# Real\n")
    backlog = find_issues(tmp_path)
    assert [entry.item.id for entry in backlog.entries] == ["2"]
    assert backlog.notices == ("issues/001-link.md is left out: it is a symlink",)


def test_a_pipe_is_not_waited_for(issues: Path) -> None:
    os.mkfifo(issues / "001-pipe.md")
    assert find_issues(issues.parent).entries == ()


def test_one_number_twice_is_refused(issues: Path) -> None:
    for name in ("7.md", "007-other.md", "8.md"):
        (issues / name).write_text("---\nstate: closed\n---\n")
    with pytest.raises(BacklogError, match=r"Issue 7 .*issues/007-other\.md and issues/7\.md") as e:
        find_issues(issues.parent)
    assert "number of its own" in e.value.hint


def test_a_missing_folder_is_said_and_an_empty_one_is_fine(tmp_path: Path) -> None:
    with pytest.raises(BacklogError, match="There is no folder") as caught:
        find_issues(tmp_path)
    assert "type: agentos init" in caught.value.hint
    (tmp_path / "issues").mkdir()
    backlog = find_issues(tmp_path)
    assert backlog.entries == ()
    assert backlog.notices == ("issues/ holds no issue yet: `agentos init` makes a first one",)


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "issues").touch()
    with pytest.raises(BacklogError, match="issues cannot be read: Not a directory"):
        find_issues(tmp_path)


def test_a_symlink_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    (project / "issues").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError, match="symlink"):
        find_issues(project)
