"""A line taken apart, and a word that has begun."""

from pathlib import Path

import pytest

from agentos.cli.completion.items import completed_word
from agentos.cli.completion.line import Typed, typed_in
from agentos.core.items import Item, Kind


@pytest.mark.parametrize(
    ("before", "typed"),
    [
        ("agentos ", Typed((), "")),
        ("agentos par", Typed((), "par")),
        ("agentos lld 'dark m", Typed(("lld",), "dark m")),
        ('agentos lld "dark mode" ', Typed(("lld", "dark mode"), "")),
        ("agentos lld \\\n 4", Typed(("lld",), "4")),
        ("agentos lld 4\\", Typed(("lld",), "4")),
        ("A=1 B= /opt/bin/agentos lld 4", Typed(("lld",), "4")),
        ("", Typed((), "")),
    ],
)
def test_words_before_the_cursor(before: str, typed: Typed) -> None:
    assert typed_in(before, before) == typed


def test_words_after_the_cursor() -> None:
    assert typed_in("agentos lld ", "agentos lld  --project 'a b'").rest == ("--project", "a b")
    assert typed_in("agentos lld ", "something else").rest == ()


def test_a_label_that_was_begun() -> None:
    item = Item(Kind.LLD, "7", "", Path())
    assert [completed_word(item, text) for text in ("", "L", "llD-", "LLD-00", "00", "8")] == [
        *("7", "LLD-7", "llD-7", "LLD-007", "007", None)
    ]
    zero = Item(Kind.LLD, "0", "", Path())
    assert completed_word(zero, "0") == "0"
