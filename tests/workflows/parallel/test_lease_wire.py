import json

import pytest
from call_values import answers, refusals, texts, wishes
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Usage, Wish
from agentos.workflows.parallel.lease_values import MAX_REASON, result_fields
from agentos.workflows.parallel.lease_wire import (
    MAX_MESSAGE,
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

CALLS = st.one_of(
    st.builds(Bind, texts),
    st.builds(Acquire, texts, wishes),
    st.builds(Settle, texts, answers | refusals),
)


@given(CALLS)
def test_a_call_crosses_unharmed_in_plain_ascii(call: Call) -> None:
    text = encode_call(call)
    assert text.isascii()
    assert text.isprintable()
    assert decode_call(text) == call


def test_the_text_of_an_answer_stays_where_it_is() -> None:
    text = encode_call(Settle("1", Answer("# A draft", "openai/m", Usage(1, 2))))
    assert "draft" not in text
    assert decode_call(text) == Settle("1", Answer("", "", Usage(1, 2)))


@given(st.builds(Lease, texts, texts, st.none() | texts, st.booleans(), texts))
def test_a_lease_crosses_unharmed(lease: Lease) -> None:
    text = encode_lease(lease)
    assert text.isascii()
    assert Lease(**decode_answer(text)["lease"]) == lease


def test_integers_beyond_32_bits_cross_unharmed() -> None:
    assert decode_answer(encode_answer("waiting", number=2**31))["number"] == 2**31
    call = Acquire("1", Wish("p", "p/m", Usage(2**31, 2**40)))
    assert decode_call(encode_call(call)) == call


def test_a_long_reason_is_cut_so_that_the_call_fits_a_message() -> None:
    long = "\U0001f511" * 100_000
    text = encode_call(Settle("1", Refusal(RefusalKind.TRANSIENT, long, code=long)))
    assert len(text) < MAX_MESSAGE * 0.8
    cut = long[:MAX_REASON]
    assert decode_call(text) == Settle("1", Refusal(RefusalKind.TRANSIENT, cut, code=cut))


@pytest.mark.parametrize(
    ("given", "seconds"), [("5", 5.0), ("1e999", None), ("1" + "0" * 400, None)]
)
def test_no_rest_is_longer_than_a_year(given: str, seconds: float | None) -> None:
    refusal = Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(7777.0))
    call = decode_call(encode_call(Settle("1", refusal)).replace("7777.0", given))
    assert isinstance(call, Settle)
    assert isinstance(call.result, Refusal)
    assert call.result.retry_after == (366 * 86400 if seconds is None else seconds)


@pytest.mark.parametrize(
    "text",
    [
        "", "s3cret", "[" * 100_000, "9" * 5000, "null", "[]", "{}", '"bind"', '{"call": "bind"}',
        '{"call": "bind", "token": 1}', '{"call": "acquire", "ticket": "1"}',
        '{"call": "acquire", "ticket": "1", "wish": null}', '{"call": "take_back"}',
        '{"call": "acquire", "ticket": ["1"], "wish": {}}', '{"call": "settle", "lease": "1"}',
        '{"call": "settle", "lease": "1", "result": "no"}',
        '{"call": "settle", "lease": "1", "result": null}',
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused_without_quoting_it(text: str) -> None:
    sentence = r"^(this is no JSON|there is no such (call|wish|result))$"
    with pytest.raises(ValueError, match=sentence):
        decode_call(text)


@pytest.mark.parametrize("seconds", ["-1", "-Infinity", "NaN", "true", '"5"', "[5]"])
def test_a_rest_is_a_number_of_seconds(seconds: str) -> None:
    refusal = Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(7777.0))
    with pytest.raises(ValueError, match="no number of seconds"):
        decode_call(encode_call(Settle("1", refusal)).replace("7777.0", seconds))


def test_an_unknown_kind_of_refusal_is_refused() -> None:
    result = result_fields(Refusal(RefusalKind.REQUEST, "")) | {"kind": "bored"}
    with pytest.raises(ValueError, match="bored"):
        decode_call(json.dumps({"call": "settle", "lease": "1", "result": result}))


@pytest.mark.parametrize("text", ["[]", '"granted"', "1"])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no answer"):
        decode_answer(text)
