import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.backlog.strays import is_markdown
from agentos.core.errors import UsageError
from agentos.core.identifiers import issue_number
from agentos.item_runner import LARGEST_SOURCE
from agentos.workspace import adoption
from agentos.workspace.adoption import AdoptionPlan, plan_adoption, read_adoptable, read_issues
from agentos.workspace.numbering import own_name

names = st.sampled_from(
    ["12-foo.md", "13-foo.md", "foo.md", "Foo.md", "bar.markdown", "ISSUE-12.md", "3.md", "!.md"]
)
contents = st.sampled_from([b"# a\n", b"# b\n", b"# c\n"])
issue_names = st.sampled_from(["012-foo.md", "003.md", "020-bar.md", "001-x.md", "12-other.md"])


def copies(plan: AdoptionPlan) -> dict[str, str]:
    return {copy.source: copy.target for copy in plan.copies}


def test_each_file_gets_its_own_number_or_the_next() -> None:
    found = {"12-foo.md": b"1", "13-bar.md": b"2", "Dark Mode.md": b"3", "ISSUE-20.md": b"4"}
    plan = plan_adoption(found, {"012-taken.md": b"x"})
    assert copies(plan) == {
        "12-foo.md": "021-foo.md",
        "13-bar.md": "013-bar.md",
        "Dark Mode.md": "022-dark-mode.md",
        "ISSUE-20.md": "020.md",
    }
    assert [copy.content for copy in plan.copies] == [b"1", b"2", b"3", b"4"]


def test_what_is_there_by_content_or_by_slug_is_not_copied_again() -> None:
    issues = {"007-foo.md": b"edited since", "008-other.md": b"same", "009.md": b"edited, too"}
    found = {"foo.md": b"as it was", "b.md": b"same", "9.md": b"as it was as well", "9-c.md": b"c"}
    plan = plan_adoption(found, issues)
    assert plan.there == {"foo.md": "007-foo.md", "b.md": "008-other.md", "9.md": "009.md"}
    assert copies(plan) == {"9-c.md": "010-c.md"}


def test_one_slug_under_two_numbers_is_two_issues() -> None:
    found = {"12-foo.md": b"1", "13-foo.md": b"2", "foo.md": b"3"}
    plan = plan_adoption(found, {})
    assert copies(plan) == {
        "12-foo.md": "012-foo.md",
        "13-foo.md": "013-foo.md",
        "foo.md": "014-foo.md",
    }
    edited = dict.fromkeys(copies(plan).values())
    assert plan_adoption(found, edited).there == copies(plan)
    assert plan_adoption({"13-foo.md": b"2"}, {"012-foo.md": None, "013-foo.md": None}).there == {
        "13-foo.md": "013-foo.md"
    }


def test_of_files_with_one_content_the_first_is_copied() -> None:
    plan = plan_adoption({"a.md": b"1", "b.md": b"2", "c.md": b"1"}, {})
    assert copies(plan) == {"a.md": "001-a.md", "b.md": "002-b.md"}
    assert plan.twins == {"c.md": "a.md"}


@given(st.dictionaries(names, contents), st.dictionaries(issue_names, contents), st.booleans())
def test_the_second_time_there_is_nothing_to_copy(
    found: dict[str, bytes], before: dict[str, bytes], edited: bool
) -> None:
    issues: dict[str, bytes | None] = {**before}
    plan = plan_adoption(found, issues)
    assert {*copies(plan), *plan.there, *plan.twins} == set(found)
    targets = [copy.target for copy in plan.copies]
    numbers = [issue_number(name) for name in (*targets, *before)]
    assert len(set(targets)) == len(targets)
    assert set(numbers[: len(targets)]).isdisjoint(numbers[len(targets) :])
    for copy in plan.copies:
        issues[copy.target] = b"edited: " + copy.content if edited else copy.content
    again = copies(plan_adoption(found, issues))
    # Of what has no words in its name, or was not copied itself, an edited copy tells nothing.
    nameless = {name for name in found if not own_name(name).slug} | set(plan.twins)
    assert set(again) <= (nameless if edited else set())


def test_what_cannot_be_an_issue_is_left_out_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_bytes(b"\xef\xbb\xbf---\nstate: closed\n---\n# Kept as it is\r\n")
    (tmp_path / "latin.md").write_bytes("# B\u00fccher\n".encode("latin-1"))
    (tmp_path / "void.md").write_bytes(b"\n \n")
    (tmp_path / "longest.md").write_bytes(b"a" * adoption.LARGEST)
    (tmp_path / "longer.md").write_bytes(b"a" * (adoption.LARGEST + 1))
    (tmp_path / "link.md").symlink_to("good.md")
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "README.md").write_text("# Not asked for\n")
    found, left_out = read_adoptable(tmp_path, is_markdown)
    assert list(found) == ["good.md", "longest.md"]
    assert found["good.md"] == (tmp_path / "good.md").read_bytes()
    assert left_out == [
        "folder.md: Is a directory",
        "latin.md: it is not UTF-8 text",
        "link.md: it is a symlink",
        "longer.md: it is larger than 1048576 bytes",
        "pipe.md: it is not a regular file",
        "void.md: it is empty",
    ]
    assert adoption.LARGEST == LARGEST_SOURCE


def test_issues_are_read_whatever_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "001-a.md").write_text("# A\n")
    (tmp_path / "002-b.md").write_bytes(b"\xff")
    (tmp_path / "other.md").write_text("# No issue\n")
    assert read_issues(tmp_path) == {"001-a.md": b"# A\n", "002-b.md": None}
    assert read_issues(tmp_path / "nowhere") == {}


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for read in (lambda: read_adoptable(tmp_path / "file", is_markdown),
                 lambda: read_issues(tmp_path / "file")):  # fmt: skip
        with pytest.raises(UsageError, match="file cannot be read: Not a directory"):
            read()
