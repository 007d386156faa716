import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH, slugify
from agentos.workflows.parallel.input_sanitizer import sanitize_identifier


@pytest.mark.parametrize("text", ["42", "dark-mode", "a_b", "LLD-42", "0", "x" * 100])
def test_what_is_safe_comes_back_as_it_is(text: str) -> None:
    assert sanitize_identifier(text) == text


@pytest.mark.parametrize(
    "text", ["../etc/passwd", "/etc", "a\\b", "C:\\x", "C:x", "item/", "x" * 300 + "/"]
)
def test_paths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid identifier: path separators not allowed in"):
        sanitize_identifier(text)


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "a b",
        "item@1",
        "item#1",
        ".",
        "..",
        "a.b",
        "-rf",
        "_x",
        "42\n",
        "a\0b",
        "é",
        "\u0664\u0662",
        "ab:c",
    ],
)
def test_other_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid identifier: invalid characters in"):
        sanitize_identifier(text)


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Invalid identifier: it is empty$"):
        sanitize_identifier("")


def test_too_much_is_refused_and_shown_shortened() -> None:
    with pytest.raises(ValueError, match=r'^Invalid identifier: "x{59}…" is longer than 100 char'):
        sanitize_identifier("x" * (MAX_IDENTIFIER_LENGTH + 1))


def test_what_is_refused_is_shown_escaped() -> None:
    with pytest.raises(ValueError, match=re.escape(r'"a\x1b[2J\n\u202e"')):
        sanitize_identifier("a\x1b[2J\n\u202e")


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True))
def test_what_passes_can_be_a_part_of_a_file_name(text: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", text):
        assert sanitize_identifier(text) == text
    else:
        with pytest.raises(ValueError, match=r"^Invalid identifier: ") as caught:
            sanitize_identifier(text)
        assert len(str(caught.value).splitlines()) == 1
        assert len(str(caught.value)) < 250


@given(st.text())
def test_every_slug_passes(text: str) -> None:
    assert sanitize_identifier(slugify(text))
