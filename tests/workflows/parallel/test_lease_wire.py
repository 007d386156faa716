import json
from multiprocessing import Pipe
from typing import Any

import pytest
from call_values import answers, refusals, texts, wishes
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import Answer, Lease, LimitHint, Refusal, RefusalKind, Usage, Wish
from agentos.workflows.parallel.lease_line import MAX_MESSAGE, Line
from agentos.workflows.parallel.lease_values import MAX_REASON, result_fields
from agentos.workflows.parallel.lease_wire import (
    Acquire,
    Bind,
    Call,
    Settle,
    call_fields,
    call_from,
    lease_fields,
)

CALLS = st.one_of(
    st.builds(Bind, texts),
    st.builds(Acquire, texts, wishes),
    st.builds(Settle, texts, answers | refusals),
)


def crossed(data: object) -> Any:
    """What comes out at the other end of a line."""
    ours, theirs = Pipe()
    with ours, theirs:
        Line(ours).send(("#RETURN", data))
        return Line(theirs).receive()[1]


@given(CALLS)
def test_a_call_crosses_unharmed(call: Call) -> None:
    assert call_from(crossed(call_fields(call))) == call


def test_the_text_of_an_answer_stays_where_it_is() -> None:
    fields = call_fields(Settle("1", Answer("# A draft", "openai/m", Usage(1, 2))))
    assert "draft" not in json.dumps(fields)
    assert call_from(fields) == Settle("1", Answer("", "", Usage(1, 2)))


@given(st.builds(Lease, texts, texts, st.none() | texts, st.booleans(), texts))
def test_a_lease_crosses_unharmed(lease: Lease) -> None:
    assert Lease(**crossed(lease_fields(lease))) == lease


def test_integers_beyond_32_bits_cross_unharmed() -> None:
    call = Acquire("1", Wish("p", "p/m", Usage(2**31, 2**40)))
    assert call_from(crossed(call_fields(call))) == call


def test_a_long_reason_is_cut_so_that_the_call_fits_a_message() -> None:
    long = "\U0001f511" * 100_000
    fields = call_fields(Settle("1", Refusal(RefusalKind.TRANSIENT, long, code=long)))
    assert len(json.dumps(fields)) < MAX_MESSAGE * 0.8
    cut = long[:MAX_REASON]
    assert call_from(fields) == Settle("1", Refusal(RefusalKind.TRANSIENT, cut, code=cut))


def settling(seconds: str) -> object:
    """A refusal that wants a rest of so many seconds, as JSON has them."""
    refusal = Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(7777.0))
    return json.loads(json.dumps(call_fields(Settle("1", refusal))).replace("7777.0", seconds))


@pytest.mark.parametrize(
    ("given", "seconds"), [("5", 5.0), ("1e999", None), ("1" + "0" * 400, None)]
)
def test_no_rest_is_longer_than_a_year(given: str, seconds: float | None) -> None:
    call = call_from(settling(given))
    assert isinstance(call, Settle)
    assert isinstance(call.result, Refusal)
    assert call.result.retry_after == (366 * 86400 if seconds is None else seconds)


@pytest.mark.parametrize(
    "text",
    [
        '"s3cret"', "9", "null", "[]", "{}", '"bind"', '{"call": "bind"}',
        '{"call": "bind", "token": 1}', '{"call": "acquire", "ticket": "1"}',
        '{"call": "acquire", "ticket": "1", "wish": null}', '{"call": "take_back"}',
        '{"call": "acquire", "ticket": ["1"], "wish": {}}', '{"call": "settle", "lease": "1"}',
        '{"call": "settle", "lease": "1", "result": "no"}',
        '{"call": "settle", "lease": "1", "result": null}',
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^there is no such (call|wish|result)$"):
        call_from(json.loads(text))


@pytest.mark.parametrize("seconds", ["-1", "-Infinity", "NaN", "true", '"5"', "[5]"])
def test_a_rest_is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(ValueError, match="no number of seconds"):
        call_from(settling(seconds))


def test_an_unknown_kind_of_refusal_is_refused() -> None:
    result = result_fields(Refusal(RefusalKind.REQUEST, "")) | {"kind": "bored"}
    with pytest.raises(ValueError, match="bored"):
        call_from({"call": "settle", "lease": "1", "result": result})
