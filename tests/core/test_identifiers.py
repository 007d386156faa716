import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH, issue_number, slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Loan Reminders (v2)", "loan-reminders-v2"),
        ("dark_mode", "dark-mode"),
        ("Über Naïve", "uber-naive"),
        ("../../etc/passwd", "etc-passwd"),
        ("--", "item"),
        ("日本", "item"),
        ("", "item"),
    ],
)
def test_a_slug_is_words_joined_by_hyphens(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_slug_that_is_shortened_does_not_end_in_a_hyphen() -> None:
    assert slugify("x" * (MAX_IDENTIFIER_LENGTH - 1) + " y") == "x" * (MAX_IDENTIFIER_LENGTH - 1)


@given(st.text())
def test_a_slug_is_short_safe_and_its_own_slug(text: str) -> None:
    slug = slugify(text)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= MAX_IDENTIFIER_LENGTH
    assert slugify(slug) == slug


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("042-loan-reminders.md", "42"),
        ("7.md", "7"),
        ("042-loan-reminders.new.md", None),
        ("README.md", None),
        ("042.txt", None),
        ("x042.md", None),
    ],
)
def test_an_issue_file_begins_with_its_number(name: str, number: str | None) -> None:
    assert issue_number(name) == number
