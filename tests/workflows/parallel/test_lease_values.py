import json
from typing import Any

import pytest
from call_values import answers, refusals, wishes
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import (
    MOST_TOKENS,
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalKind,
    Usage,
    Wish,
)
from agentos.workflows.parallel.lease_values import (
    MAX_REASON,
    result_fields,
    result_from,
    wish_fields,
    wish_from,
)

YEAR = 366 * 24 * 3600
LIMIT = Limit(LimitScope.TOKENS, 1000, 0, 12.5)
WISH = Wish("openai", "openai/m", Usage(10, 20))
ANSWER = Answer("# A draft", "openai/m", Usage(1, 2, 3, 4), LimitHint(None, (LIMIT,)), True)
REFUSAL = Refusal(RefusalKind.RATE_LIMITED, "slow", LimitHint(7.5), "too_many", Usage(1))

NO_COUNTS = [
    -1,
    MOST_TOKENS + 1,
    10**400,
    1.0,
    1e3,
    True,
    "1",
    None,
    [1],
    float("nan"),
    float("inf"),
]
NO_SECONDS = [-1, -0.5, float("nan"), -float("inf"), True, "5", [5], {}]


def crossed(data: object) -> Any:
    """As JSON gives it back; NaN and Infinity, too, which Python's writes and reads."""
    return json.loads(json.dumps(data))


def set_in(data: dict[str, Any], path: str, value: object) -> object:
    """The same with one value replaced; `path` is such as `hint.limits.0.scope`."""
    data = crossed(data)
    *way, last = path.split(".")
    place: Any = data
    for part in way:
        place = place[int(part) if isinstance(place, list) else part]
    place[last] = value
    return data


def without(data: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != field}


@given(answers | refusals)
def test_a_result_crosses_unharmed(result: Answer | Refusal) -> None:
    assert result_from(crossed(result_fields(result))) == result


@given(wishes)
def test_a_wish_crosses_unharmed(wish: Wish) -> None:
    assert wish_from(crossed(wish_fields(wish))) == wish


NONSENSE = [float("nan"), float("inf"), -float("inf"), -1, -0.5, "5", None]


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_what_somebodys_adapter_says_amiss_is_as_if_it_was_not_said(value: Any) -> None:
    limit = Limit(LimitScope.TOKENS, value, value, value)
    for result in (
        Answer("", "", Usage(5, value), LimitHint(value, (limit, LIMIT))),
        Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(value, (limit, LIMIT)), "", Usage(value)),
    ):
        back = result_from(crossed(result_fields(result)))
        assert back.usage is None  # so that the worst case is counted
        assert back.hint == LimitHint(None, (Limit(LimitScope.TOKENS), LIMIT))


def test_a_count_beyond_all_counts_and_one_with_a_fraction_cross_as_what_they_can_be() -> None:
    usage: Any = Usage(10**400, 2.0, 1e300)  # type: ignore[arg-type] # as an adapter might
    back = result_from(crossed(result_fields(Answer("", "", usage))))
    assert back.usage == Usage(MOST_TOKENS, 2, MOST_TOKENS)


def test_the_text_of_an_answer_stays_where_it_is() -> None:
    back = result_from(crossed(result_fields(ANSWER)))
    assert back == Answer("", "", ANSWER.usage, ANSWER.hint)
    assert "A draft" not in json.dumps(result_fields(ANSWER))


def test_what_a_provider_says_at_length_is_cut_on_both_sides() -> None:
    long = "x" * (MAX_REASON + 1)
    sent = result_fields(Refusal(RefusalKind.TRANSIENT, long, code=long))
    cut = Refusal(RefusalKind.TRANSIENT, long[:MAX_REASON], code=long[:MAX_REASON])
    assert result_from(sent) == cut
    assert result_from(sent | {"message": long, "code": long}) == cut


@pytest.mark.parametrize("value", NO_COUNTS, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(
    "field", ["input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens"]
)
def test_a_count_of_tokens_is_a_whole_number(field: str, value: object) -> None:
    for fields in (result_fields(ANSWER), result_fields(REFUSAL)):
        with pytest.raises(ValueError, match=r"count|usage"):
            result_from(set_in(fields, f"usage.{field}", value))
    with pytest.raises(ValueError, match=r"count|usage"):
        wish_from(set_in(wish_fields(WISH), f"bound.{field}", value))


@pytest.mark.parametrize(
    "value", [one for one in NO_COUNTS if one is not None], ids=lambda value: repr(value)[:20]
)
@pytest.mark.parametrize("field", ["limit", "remaining"])
def test_a_limit_is_a_whole_number_or_not_said(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="a count is a whole number"):
        result_from(set_in(result_fields(ANSWER), f"hint.limits.0.{field}", value))


@pytest.mark.parametrize("value", NO_SECONDS, ids=repr)
@pytest.mark.parametrize("path", ["hint.retry_after", "hint.limits.0.reset_after"])
def test_a_rest_is_a_number_of_seconds(path: str, value: object) -> None:
    with pytest.raises(ValueError, match="no number of seconds"):
        result_from(set_in(result_fields(ANSWER), path, value))


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(5, 5.0), (0, 0.0), (YEAR, YEAR), (float("inf"), YEAR), (1e308, YEAR), (10**400, YEAR)],
    ids=lambda value: repr(value)[:20],
)
def test_no_rest_is_longer_than_a_year(given: float, seconds: float) -> None:
    result = result_from(set_in(result_fields(REFUSAL), "hint.retry_after", given))
    assert isinstance(result, Refusal)
    assert result.retry_after == seconds
    assert isinstance(result.retry_after, float)


@pytest.mark.parametrize(
    "data",
    [
        None, 1, "answer", [], {},
        without(result_fields(ANSWER), "usage"),
        without(result_fields(ANSWER), "hint"),
        set_in(result_fields(ANSWER), "usage", []),
        set_in(result_fields(ANSWER), "usage", {"input_tokens": 1}),
        set_in(result_fields(ANSWER), "hint", None),
        set_in(result_fields(ANSWER), "hint", {"retry_after": None}),
        set_in(result_fields(ANSWER), "hint.limits", None),
        set_in(result_fields(ANSWER), "hint.limits", "limits"),
        set_in(result_fields(ANSWER), "hint.limits", [None]),
        set_in(result_fields(ANSWER), "hint.limits.0.scope", "bananas"),
        set_in(result_fields(ANSWER), "hint.limits.0.scope", 1),
        set_in(result_fields(REFUSAL), "kind", "bored"),
    ],
    ids=lambda data: json.dumps(data)[:60],
)  # fmt: skip
def test_what_is_no_result_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"there is no such|is not a valid"):
        result_from(data)


@pytest.mark.parametrize("field", ["kind", "message", "code"])
def test_a_refusal_that_lacks_something_is_not_taken_for_an_answer(field: str) -> None:
    for value in (None, 1, ["x"]):
        with pytest.raises(ValueError, match="no such result"):
            result_from(set_in(result_fields(REFUSAL), field, value))
    with pytest.raises(ValueError, match="no such result"):
        result_from(without(result_fields(REFUSAL), field))


@pytest.mark.parametrize(
    "data",
    [
        None, "wish", [], {},
        *(without(wish_fields(WISH), field) for field in ("provider", "model", "bound")),
        set_in(wish_fields(WISH), "provider", None),
        set_in(wish_fields(WISH), "model", 1),
        set_in(wish_fields(WISH), "bound", None),
        set_in(wish_fields(WISH), "bound", {}),
    ],
    ids=lambda data: json.dumps(data)[:60],
)  # fmt: skip
def test_what_is_no_wish_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="there is no such"):
        wish_from(data)


def _json(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["usage", "hint", "kind", "message", "code", "limits", "retry_after"])
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner)
    )


@given(_json(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)))
def test_anything_else_is_a_value_error_and_nothing_worse(data: object) -> None:
    for read in (result_from, wish_from):
        try:
            read(data)
        except ValueError:
            continue
