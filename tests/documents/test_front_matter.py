import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.documents.front_matter import join_front_matter, split_front_matter

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
VALUES = TEXT | st.integers() | st.booleans() | st.none() | st.lists(TEXT, max_size=3)


def test_fields_and_body_are_taken_apart() -> None:
    text = "---\nstate: open\nlabels: [bug]\n---\n\n# Title\n"
    assert split_front_matter(text) == ({"state": "open", "labels": ["bug"]}, "\n# Title\n")


@pytest.mark.parametrize(
    "text", ["", "# Title\n", "\n---\nstate: open\n---\n", "----\n", "--- x\n"]
)
def test_a_text_without_the_block_is_all_body(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_windows_line_ends_and_a_byte_order_mark_are_understood() -> None:
    text = "\ufeff---\r\nstate: open\r\n---\r\n# Title\r\n"
    assert split_front_matter(text) == ({"state": "open"}, "# Title\r\n")


def test_an_empty_block_has_no_fields() -> None:
    assert split_front_matter("---\n\n---\nbody") == ({}, "body")


def test_dashes_within_a_line_do_not_close_the_block() -> None:
    assert split_front_matter("---\na: x --- y\n---") == ({"a": "x --- y"}, "")


def test_names_that_are_no_text_become_text() -> None:
    assert split_front_matter("---\n42: x\n---\n") == ({"42": "x"}, "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("---\nstate: open\n", "no closing ---"),
        ("---\na: b: c\n---\n", r"not valid YAML \(line 2\)"),
        ("---\na: [\n---\n", "not valid YAML"),
        ("---\n- a\n- b\n---\n", "`name: value`"),
        ("---\njust words\n---\n", "`name: value`"),
        ("---\nday: 2026-13-99\n---\n", "not valid YAML"),
        ("---\na: " + "[" * 700 + "\n---\n", "not valid YAML"),
        ("---\na: !!python/object/apply:os.getcwd []\n---\n", "not valid YAML"),
    ],
)
def test_a_malformed_block_is_named_in_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        split_front_matter(text)


def test_without_fields_a_text_is_its_body() -> None:
    assert join_front_matter({}, "# Title\n") == "# Title\n"


def test_fields_keep_their_order() -> None:
    assert join_front_matter({"state": "open", "brief": "ä"}, "B").startswith("---\nstate: open\n")


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, min_size=1), TEXT)
def test_what_was_joined_is_split_again(fields: dict[str, object], body: str) -> None:
    assert split_front_matter(join_front_matter(fields, body)) == (fields, body)
