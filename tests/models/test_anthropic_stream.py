import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import (
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalCode,
    RefusalKind,
    Usage,
)
from agentos.models.anthropic_stream import read_answer, read_refusal

HINT = LimitHint(3.0, (Limit(LimitScope.REQUESTS, 50, 0),))
SECRET = "sk-ant-api03-secret"

Event = dict[str, Any]

KEYS = ["type", "message", "usage", "delta", "content_block", "error", "details", "stop_reason"]
KEYS += ["text", "error_code", "input_tokens", "output_tokens"]
WORDS = ["message_start", "message_delta", "message_stop", "content_block_start", "text"]
WORDS += ["content_block_delta", "text_delta", "error", "refusal", "overloaded_error"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)


def start(**usage: Any) -> Event:
    return {"type": "message_start", "message": {"usage": usage} if usage else {}}


def text(words: str) -> Event:
    return {"type": "content_block_delta", "delta": {"type": "text_delta", "text": words}}


def end(stop_reason: str | None = "end_turn", **usage: Any) -> list[Event]:
    delta = {"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": usage}
    return [delta, {"type": "message_stop"}]


def read(*events: Any) -> Answer | Refusal:
    return read_answer(map(json.dumps, events), "anthropic/m", SECRET, HINT)


def usage_of(*events: Any) -> Usage | None:
    return read(*events).usage


def test_an_answer_is_its_texts_joined() -> None:
    block = {"type": "content_block_start", "content_block": {"type": "text", "text": "# A"}}
    answer = read(start(input_tokens=5), block, text(" do"), text("c"), *end(output_tokens=3))
    assert answer == Answer("# A doc", "anthropic/m", Usage(5, 3), HINT)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "ping"},
        {"type": "something_new", "text": "no"},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}},
        {"no": "type"},
        ["a", "list"],
        None,
    ],
)
def test_what_is_no_text_is_passed_over(event: Any) -> None:
    answer = read(event, start(input_tokens=1), event, text("yes"), event, *end(output_tokens=1))
    assert isinstance(answer, Answer)
    assert answer.text == "yes"


def test_nothing_is_read_past_the_end_of_the_message() -> None:
    def hanging() -> Iterator[str]:
        yield from map(json.dumps, [start(input_tokens=1), text("all"), *end(output_tokens=1)])
        raise TimeoutError

    assert isinstance(read_answer(hanging(), "anthropic/m", None, HINT), Answer)


def test_input_is_all_of_the_input() -> None:
    told = {"input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30}
    assert usage_of(start(**told), *end(output_tokens=7)) == Usage(240, 7, 200, 30)


def test_counts_are_cumulative() -> None:
    first = start(input_tokens=10, output_tokens=1)
    middle = {"type": "message_delta", "usage": {"output_tokens": 4}}
    assert usage_of(first, middle, *end(input_tokens=12, output_tokens=9)) == Usage(12, 9)
    assert usage_of(first, *end(input_tokens=0, output_tokens=9)) == Usage(10, 9)


@pytest.mark.parametrize(
    "events",
    [
        [start(), *end(output_tokens=1)],
        [start(input_tokens=5, output_tokens=1), *end()],
        [start(input_tokens="5"), *end(output_tokens=1)],
        [start(input_tokens=-5), *end(output_tokens=1)],
        [start(input_tokens=5), *end(output_tokens=1.5)],
        [start(input_tokens=5), *end(output_tokens=10**30)],
        [start(input_tokens=None), *end(output_tokens=None)],
    ],
)
def test_a_usage_that_was_not_told_whole_is_unknown(events: list[Event]) -> None:
    answer = read(*events)
    assert isinstance(answer, Answer)
    assert answer.usage is None


@pytest.mark.parametrize(
    ("stop_reason", "truncated"),
    [
        ("end_turn", False),
        ("stop_sequence", False),
        ("max_tokens", True),
        ("model_context_window_exceeded", True),
        ("pause_turn", False),
        ("a_new_one", False),
        (None, False),
    ],
)
def test_only_an_output_limit_truncates(stop_reason: str | None, truncated: bool) -> None:
    answer = read(start(), text("x"), *end(stop_reason))
    assert isinstance(answer, Answer)
    assert answer.truncated is truncated


def test_a_model_that_declines_is_a_refusal_of_the_request_that_costs() -> None:
    refusal = read(start(input_tokens=4), *end("refusal", output_tokens=2))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, "refusal")
    assert (refusal.usage, refusal.hint) == (Usage(4, 2), HINT)


def test_a_message_that_said_why_it_stopped_counts_without_its_last_event() -> None:
    answer = read(start(input_tokens=4), text("x"), end(output_tokens=2)[0])
    assert answer == Answer("x", "anthropic/m", Usage(4, 2), HINT)


def test_what_comes_after_the_end_of_a_message_loses_it_not() -> None:
    whole = [start(input_tokens=4), text("x"), end(output_tokens=2)[0]]
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}
    assert read(*whole, error) == Answer("x", "anthropic/m", Usage(4, 2), HINT)

    def broken() -> Iterator[str]:
        yield from map(json.dumps, whole)
        raise OSError("reset")

    answer = read_answer(broken(), "anthropic/m", None, HINT)
    assert answer == Answer("x", "anthropic/m", Usage(4, 2), HINT)


def test_a_message_without_an_end_is_cut() -> None:
    refusal = read(start(input_tokens=4), text("x"))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.CUT)
    assert (refusal.usage, refusal.hint) == (None, HINT)


@pytest.mark.parametrize("events", [[], [{"hello": "world"}], [{"type": "message_stop"}]])
def test_what_holds_no_message_is_no_answer(events: list[Event]) -> None:
    refusal = read(*events)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.NO_ANSWER)
    assert (refusal.usage, refusal.hint) == (None, HINT)


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("overloaded_error", RefusalKind.OVERLOADED),
        ("rate_limit_error", RefusalKind.RATE_LIMITED),
        ("api_error", RefusalKind.TRANSIENT),
        ("timeout_error", RefusalKind.TRANSIENT),
        ("conflict_error", RefusalKind.TRANSIENT),
        ("a_new_error", RefusalKind.TRANSIENT),
        ("authentication_error", RefusalKind.CREDENTIAL),
        ("billing_error", RefusalKind.ACCOUNT),
        ("permission_error", RefusalKind.CREDENTIAL),
        ("invalid_request_error", RefusalKind.REQUEST),
        ("not_found_error", RefusalKind.REQUEST),
        ("request_too_large", RefusalKind.REQUEST),
    ],
)
def test_an_error_event_is_told_by_its_type(error_type: str, kind: RefusalKind) -> None:
    event = {"type": "error", "error": {"type": error_type, "message": "No."}}
    refusal = read(start(input_tokens=4), text("x"), event)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (kind, error_type)
    assert (refusal.usage, refusal.hint) == (None, HINT)


@pytest.mark.parametrize(
    ("status", "error_type", "code", "kind"),
    [
        (429, "rate_limit_error", "", RefusalKind.RATE_LIMITED),
        (429, "rate_limit_error", "ramp_limit_exceeded", RefusalKind.RATE_LIMITED),
        (429, "rate_limit_error", "enforced_spend_limit_reached", RefusalKind.ACCOUNT),
        (429, "rate_limit_error", "contract_spend_limit_reached", RefusalKind.ACCOUNT),
        (400, "invalid_request_error", "organization_on_hold", RefusalKind.ACCOUNT),
        (400, "billing_error", "", RefusalKind.ACCOUNT),
        (401, "invalid_request_error", "", RefusalKind.CREDENTIAL),
        (429, "invalid_request_error", "", RefusalKind.RATE_LIMITED),
        (503, "api_error", "", RefusalKind.OVERLOADED),
        (500, "overloaded_error", "", RefusalKind.OVERLOADED),
        (418, "", "", RefusalKind.REQUEST),
    ],
)
def test_a_body_says_more_than_the_status(
    status: int, error_type: str, code: str, kind: RefusalKind
) -> None:
    error = {"type": error_type, "details": {"error_code": code} if code else None}
    refusal = read_refusal({"type": "error", "error": error}, status, SECRET, HINT)
    assert refusal.kind is kind
    assert refusal.code == (code or error_type or f"http_{status}")
    assert refusal.hint == HINT


@given(st.lists(anything, max_size=4))
def test_no_event_raises(events: list[Any]) -> None:
    read(start(input_tokens=1), *events)


@given(anything, st.integers(300, 599))
def test_no_body_raises(body: Any, status: int) -> None:
    assert isinstance(read_refusal(body, status, SECRET, HINT), Refusal)
