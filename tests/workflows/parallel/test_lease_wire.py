import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import Lease, Refusal, RefusalKind
from agentos.workflows.parallel.lease_wire import (
    MAX_MESSAGE,
    MAX_REASON,
    Acquire,
    Bind,
    Call,
    Settle,
    decode_answer,
    decode_call,
    encode_answer,
    encode_call,
    encode_lease,
)

ANY_TEXT = st.text(st.characters(), max_size=200)
REFUSALS = st.builds(
    Refusal, st.sampled_from(RefusalKind), ANY_TEXT, st.none() | st.floats(0, 3600)
)
CALLS = st.one_of(
    st.builds(Bind, ANY_TEXT),
    st.builds(Acquire, ANY_TEXT, ANY_TEXT),
    st.builds(Settle, ANY_TEXT, st.none() | REFUSALS),
)


@given(CALLS)
def test_a_call_crosses_unharmed_in_plain_ascii(call: Call) -> None:
    text = encode_call(call)
    assert text.isascii()
    assert text.isprintable()
    assert decode_call(text) == call


@given(ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, st.booleans())
def test_a_lease_crosses_unharmed(id_: str, name: str, secret: str | None, flag: bool) -> None:
    text = encode_lease(Lease(id_, name, secret, flag))
    assert text.isascii()
    assert Lease(**decode_answer(text)["lease"]) == Lease(id_, name, secret, flag)


def test_integers_beyond_32_bits_cross_unharmed() -> None:
    assert decode_answer(encode_answer("waiting", number=2**31))["number"] == 2**31


def test_a_long_reason_is_cut_so_that_the_call_fits_a_message() -> None:
    refusal = Refusal(RefusalKind.TRANSIENT, "\U0001f511" * 100_000)
    text = encode_call(Settle("1", refusal))
    assert len(text) < MAX_MESSAGE / 2
    assert decode_call(text) == Settle(
        "1", Refusal(RefusalKind.TRANSIENT, "\U0001f511" * MAX_REASON)
    )


@pytest.mark.parametrize(
    ("given", "seconds"), [("5", 5.0), ("1e999", None), ("1" + "0" * 400, None)]
)
def test_no_rest_is_longer_than_a_year(given: str, seconds: float | None) -> None:
    text = f'{{"kind": "rate_limited", "message": "", "retry_after": {given}}}'
    call = decode_call(f'{{"call": "settle", "lease": "1", "refusal": {text}}}')
    assert isinstance(call, Settle)
    assert call.refusal is not None
    assert call.refusal.retry_after == (366 * 86400 if seconds is None else seconds)


@pytest.mark.parametrize(
    "text",
    [
        "", "s3cret", "[" * 100_000, "9" * 5000, "null", "[]", "{}", '"bind"', '{"call": "bind"}',
        '{"call": "bind", "token": 1}', '{"call": "acquire", "ticket": "1", "provider": null}',
        '{"call": "acquire", "ticket": ["1"], "provider": "p"}', '{"call": "take_back"}',
        '{"call": "settle", "lease": "1"}', '{"call": "settle", "lease": "1", "refusal": "no"}',
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(this is no JSON|there is no such (call|refusal))$"):
        decode_call(text)


@pytest.mark.parametrize("seconds", [-1, -math.inf, math.nan, True, "5", [5]])
def test_a_rest_is_a_number_of_seconds(seconds: object) -> None:
    refusal = {"kind": "rate_limited", "message": "", "retry_after": seconds}
    with pytest.raises(ValueError, match="retry_after"):
        decode_call(json.dumps({"call": "settle", "lease": "1", "refusal": refusal}))


def test_an_unknown_kind_of_refusal_is_refused() -> None:
    refusal = {"kind": "bored", "message": "", "retry_after": None}
    with pytest.raises(ValueError, match="bored"):
        decode_call(json.dumps({"call": "settle", "lease": "1", "refusal": refusal}))


@pytest.mark.parametrize("text", ["[]", '"granted"', "1"])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no answer"):
        decode_answer(text)
