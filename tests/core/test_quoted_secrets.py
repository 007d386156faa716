from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.masking import MASK
from agentos.core.quoted_secrets import Quotes, mask_quoted

KEY = "sk-Qz8vLw3XyT7pNb2KfR9dHs4GjM6cVe1A"
MASKS = (Quotes(KEY).mask, Quotes(KEY).mask_prose)


@given(
    before=st.text(max_size=20),
    start=st.integers(0, len(KEY) - 8),
    length=st.integers(8, len(KEY)),
    change=st.sampled_from([str, str.lower, str.upper]),
    after=st.text(max_size=20),
    mask=st.sampled_from(MASKS),
)
def test_of_a_part_of_a_key_nothing_is_left(  # noqa: PLR0917 - each is a dimension
    before: str,
    start: int,
    length: int,
    change: Callable[[str], str],
    after: str,
    mask: Callable[[str], str],
) -> None:
    quoted = change(KEY[start : start + length])
    shown = mask(f"{before}{quoted}{after}")
    assert MASK in shown
    parts = (KEY[at : at + 8].lower() for at in range(len(KEY) - 7))
    assert not any(part in shown.lower() for part in parts)


@pytest.mark.parametrize("key", ["", "short", KEY])
def test_what_quotes_no_key_stays(key: str) -> None:
    assert mask_quoted("no such model: sk-Qz8v, İ", key) == "no such model: sk-Qz8v, İ"


@pytest.mark.parametrize("word", ["required", "no-key-required", "Required", "REQUIRED"])
def test_in_prose_a_part_that_could_be_words_stays(word: str) -> None:
    quotes = Quotes("sk-no-key-required")
    assert quotes.mask_prose(f"What is {word}?") == f"What is {word}?"
    assert quotes.mask(f"What is {word}?") == "What is ***?"
    assert quotes.mask_prose("It is sk-no-key-required.") == "It is ***."
