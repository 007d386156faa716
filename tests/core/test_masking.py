import json
import re
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentos.core.masking import Masker

# Few letters, so that secrets overlap, repeat and begin one another; some need escaping.
SECRETS = st.lists(st.text(alphabet="ab/ é\"'\\", min_size=1, max_size=6), max_size=3)
ODD = "sk/ä+\"x'\\ y&"


def masked(masker: Masker, data: bytes, cuts: list[int]) -> bytes:
    stream = masker.stream()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return b"".join(stream.feed(data[a:b]) for a, b in pairwise(edges)) + stream.finish()


@pytest.mark.parametrize(
    "spelling",
    [
        ODD,
        json.dumps(ODD)[1:-1],
        json.dumps(ODD, ensure_ascii=False)[1:-1],
        json.dumps(ODD)[1:-1].replace("/", "\\/"),
        repr(ODD)[1:-1],
        repr([f'"{ODD}"'])[3:-3],
        ascii(ODD)[1:-1],
        repr(ODD.encode())[2:-1],
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        re.sub("%..", lambda escape: escape[0].lower(), quote(ODD, safe="")),
    ],
)
def test_every_spelling_is_found_in_text_and_in_bytes(spelling: str) -> None:
    masker = Masker([ODD])
    text = f"before {spelling} after"
    assert masker.mask(text).startswith("before ***")
    assert spelling not in masker.mask(text)
    found = masked(masker, text.encode(), [10])
    assert found.startswith(b"before ***")
    assert spelling.encode() not in found


def test_lower_case_percent_escapes_are_found_whole() -> None:
    assert Masker(["a/b+c"]).mask("x=a%2fb%2bc;") == "x=***;"
    assert Masker(["a/b+c"]).mask("x=a%2Fb%2Bc;") == "x=***;"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_secret_in_many_reads_is_found(size: int) -> None:
    stream = Masker(["sk-0123456789"]).stream()
    data = b"key sk-0123456789 and sk-012345678 and sk-0123456789"
    out = b"".join(stream.feed(data[i : i + size]) for i in range(0, len(data), size))
    assert out + stream.finish() == b"key *** and sk-012345678 and ***"


def test_the_longest_secret_wins() -> None:
    masker = Masker(["sk-1", "sk-123"])
    assert masker.mask("sk-123 sk-12 sk-1") == "*** ***2 ***"
    stream = masker.stream()
    assert stream.feed(b"sk-1") == b""
    assert stream.feed(b"2") == b""
    assert stream.feed(b"x") == b"***2x"


def test_a_secret_that_overlaps_the_beginning_of_another_is_not_held_back() -> None:
    stream = Masker(["abcd", "cdef"]).stream()
    assert stream.feed(b"abcd") == b"***"
    assert stream.feed(b"ef abc") == b"ef "
    assert stream.finish() == b"abc"


def test_only_what_could_begin_a_secret_is_held_back() -> None:
    stream = Masker(["secret"]).stream()
    assert stream.feed(b"a line\n") == b"a line\n"
    assert stream.feed(b"no s") == b"no "
    assert stream.feed(b"e") == b""
    assert stream.feed(b"a\nsec") == b"sea\n"
    assert stream.finish() == b"sec"
    assert stream.finish() == b""


def test_without_secrets_everything_passes() -> None:
    masker = Masker(["", "  "])
    assert masker.mask("text") == "text"
    chunk = b"chunk"
    stream = masker.stream()
    assert stream.feed(chunk) is chunk
    assert stream.finish() == b""


def test_white_space_around_a_secret_is_not_part_of_it() -> None:
    assert Masker([" key\n"]).mask("(key)") == "(***)"


def test_a_secret_that_is_no_utf8_is_found_as_the_bytes_it_was() -> None:
    assert (
        masked(Masker([b"k\xffy".decode("utf-8", "surrogateescape")]), b"<k\xffy>", []) == b"<***>"
    )
    assert Masker(["k\ud800y"]).mask("<k\ud800y>") == "<***>"


def test_nothing_shows_a_secret() -> None:
    masker = Masker(["hush"])
    assert "hush" not in repr(masker) + repr(masker.stream())


@given(SECRETS, st.text(alphabet="ab/ é\"'\\c\n"), st.lists(st.integers(0, 100), max_size=12))
@example(["ab", "abab"], "aababab", [1, 2, 3, 4, 5, 6])
def test_where_the_bytes_are_cut_makes_no_difference(
    secrets: list[str], text: str, cuts: list[int]
) -> None:
    masker = Masker(secrets)
    whole = masker.mask(text).encode()
    assert masked(masker, text.encode(), cuts) == whole


@given(
    SECRETS.filter(any),
    st.lists(st.one_of(st.integers(0, 2), st.sampled_from(["a", "b", " ", "\n"]))),
    st.lists(st.integers(0, 100), max_size=12),
)
def test_no_secret_is_left_in_what_is_masked(
    secrets: list[str], parts: list[int | str], cuts: list[int]
) -> None:
    data = "".join(secrets[p % len(secrets)] if isinstance(p, int) else p for p in parts).encode()
    found = masked(Masker(secrets), data, cuts)
    assert not [s for s in secrets if s.strip() and s.strip().encode() in found]


def test_a_key_is_found_in_other_cases_and_a_word_is_not() -> None:
    key = "SK-Test-AbCdEf-0123"
    assert Masker([key]).mask(f"{key.lower()}.example, {key.upper()}") == "***.example, ***"
    assert Masker(["Approved"]).mask("approved") == "approved"


def test_a_secret_is_in_no_cache_of_patterns() -> None:
    secret = "sk-swordfish-0123456789"
    masker = Masker([secret])
    stream = masker.stream()
    assert masker.mask(f"x {secret} y") == "x *** y"
    assert stream.feed(f"x {secret} y".encode()) + stream.finish() == b"x *** y"
    assert "swordfish" not in repr([*vars(re)["_cache"]])
