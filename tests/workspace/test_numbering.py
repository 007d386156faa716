import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.errors import UsageError
from agentos.core.identifiers import issue_number
from agentos.workspace.numbering import OwnName, give_numbers, issue_file_name, own_name

file_names = st.one_of(
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=250),
    st.binary(min_size=1, max_size=250).map(os.fsdecode),
    st.from_regex(
        r"(ISSUE-|#|)[0-9]{1,5}[-_. ]?(foo|Bar baz|2\.0|)\.(md|markdown)", fullmatch=True
    ),
)


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("12-foo.md", 12, "foo"),
        ("0012_foo bar.md", 12, "foo bar"),
        ("ISSUE-12.md", 12, ""),
        ("issue_3-dark-mode.markdown", 3, "dark-mode"),
        ("#7 Title.md", 7, "Title"),
        ("7. Title.md", 7, "Title"),
        ("gh-7.md", 7, ""),
        ("404.md", 404, ""),
        ("dark-mode.md", None, "dark-mode"),
        ("2nd-try.md", None, "2nd-try"),
        ("2.0-release.md", None, "2.0-release"),
        ("utf-8.md", None, "utf-8"),
        ("2024-01-15-note.md", None, "2024-01-15-note"),
        ("20240115 note.md", None, "20240115 note"),
        ("2024-99-note.md", 2024, "99-note"),
        ("1234567890123456789.md", None, "1234567890123456789"),
    ],
)
def test_a_name_is_taken_apart(name: str, number: int | None, words: str) -> None:
    own = own_name(name)
    assert (own.number, own.words) == (number, words)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Dark Mode (v2).md", "dark-mode-v2"),
        ("\u00dcber_uns.md", "\u00fcber-uns"),
        ("\u65e5\u672c\u8a9e.md", "\u65e5\u672c\u8a9e"),
        ("!.md", ""),
    ],
)
def test_a_slug_keeps_the_letters_of_any_language(name: str, slug: str) -> None:
    assert own_name(name).slug == slug


def test_a_long_name_is_cut_to_what_fits() -> None:
    assert issue_file_name(7, OwnName(None, "\u65e5" * 85)) == "007-" + "\u65e5" * 66 + ".md"
    assert issue_file_name(7, OwnName(None, "a" * 250)) == "007-" + "a" * 200 + ".md"


def test_a_number_of_ones_own_is_kept_where_it_is_free() -> None:
    names = ["12-a.md", "13-b.md", "13-c.md", "d.md", "5-e.md"]
    assert give_numbers(names, {12, 3}) == {
        "12-a.md": 14,
        "13-b.md": 13,
        "13-c.md": 15,
        "d.md": 16,
        "5-e.md": 5,
    }
    assert give_numbers(["b.md", "a.md"], ()) == {"b.md": 1, "a.md": 2}


def test_numbers_come_to_an_end() -> None:
    with pytest.raises(UsageError, match="no issue can have the number 1000000000000000000"):
        give_numbers(["a.md"], {10**18 - 1})


def test_a_file_name_is_a_number_and_a_slug() -> None:
    assert issue_file_name(7, OwnName(None, "Dark_Mode (v2)")) == "007-dark-mode-v2.md"
    assert issue_file_name(1234, OwnName(1234, "")) == "1234.md"
    assert issue_number(issue_file_name(7, OwnName(None, "draft.new"))) == "7"


@given(st.lists(file_names, unique=True, max_size=8), st.sets(st.integers(0, 30), max_size=8))
def test_every_name_becomes_one_that_the_backlog_reads(names: list[str], taken: set[int]) -> None:
    given_numbers = give_numbers(names, taken)
    assert list(given_numbers) == names
    assert len(set(given_numbers.values())) == len(names)
    assert not taken & set(given_numbers.values())
    for name, number in given_numbers.items():
        file_name = issue_file_name(number, own_name(name))
        assert issue_number(file_name) == str(number)
        assert len(os.fsencode(file_name)) <= 230


@given(file_names)
def test_a_slug_stays_the_same_once_it_is_the_name(name: str) -> None:
    slug = own_name(name).slug
    assert OwnName(7, slug).slug == slug
