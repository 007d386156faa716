import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.models.key_echo import KeyEcho

KEY = "sk-Qz8vLw3XyT7pNb2KfR9dHs4GjM6cVe1A"
WORDS = "sk-no-key-required"


def through(
    key: str | None, text: str, *, is_error: bool = False, cuts: tuple[int, ...] = ()
) -> str:
    body = KeyEcho(key).body(is_error=is_error)
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    return "".join(map(body.feed, pieces)) + body.finish()


@given(st.lists(st.integers(0, 200), max_size=9).map(tuple))
def test_a_key_goes_wherever_the_body_is_cut(cuts: tuple[int, ...]) -> None:
    text = f"data: one {KEY}\n\ndata: two {KEY[4:20]}, {json.dumps(KEY)}\n\nrest {KEY}"
    masked = 'data: one ***\n\ndata: two ***, "***"\n\nrest ***'
    assert through(KEY, text, cuts=cuts) == masked


@given(st.text(alphabet="ab\n\r :", max_size=40), st.lists(st.integers(0, 40)).map(tuple))
def test_all_else_stays_as_it_is(text: str, cuts: tuple[int, ...]) -> None:
    assert through(KEY, text, cuts=cuts) == text


def test_a_line_goes_on_as_soon_as_it_is_whole() -> None:
    body = KeyEcho(KEY).body(is_error=False)
    assert body.feed("data: o") == ""
    assert body.feed("ne\n\nda") == "data: one\n\n"
    assert body.finish() == "da"


@pytest.mark.parametrize(
    "line", ['{"error": {"message": "%s"}}', '{"error":"%s"}', '{"error":["%s"]}']
)
def test_of_an_error_every_part_goes_also_where_it_could_be_a_word(line: str) -> None:
    assert through(WORDS, line % WORDS[3:]) == line % "***"


def test_a_word_of_an_answer_stays_though_a_made_up_key_has_it() -> None:
    text = 'data: {"error": null, "text": "What is required, \\"error\\": {no key}"}\n'
    assert through(WORDS, text) == text
    assert "required" not in through(WORDS, text, is_error=True)


@pytest.mark.parametrize("key", [None, "", "none", "ollama"])
def test_a_word_for_a_key_has_no_echo(key: str | None) -> None:
    assert through(key, "none ollama\n", is_error=True) == "none ollama\n"
    assert KeyEcho(key).mask("none ollama") == "none ollama"


def test_a_header_holds_no_part_of_it() -> None:
    assert KeyEcho(KEY).mask(f"/v1/{KEY[3:14].lower()}/x") == "/v1/***/x"
