"""Error statuses, as the vendors' SDKs raise them."""

from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors

from agentos.core.calls import LimitScope, Usage
from agentos.testing import End, LoopbackServer, PerWire, Refuse, Wire, refusals
from agentos.testing.replies import reply_for

STATUS_AND_CODE: list[tuple[PerWire, dict[str, tuple[int, str | None]]]] = [
    (
        refusals.rate_limited(),
        {
            "anthropic": (429, "rate_limit_error"),
            "openai": (429, "rate_limit_exceeded"),
            "gemini": (429, "RESOURCE_EXHAUSTED"),
        },
    ),
    (
        refusals.daily_quota(),
        {"openai": (429, "rate_limit_exceeded"), "gemini": (429, "RESOURCE_EXHAUSTED")},
    ),
    (
        refusals.overloaded(),
        {
            "anthropic": (529, "overloaded_error"),
            "openai": (503, "server_is_overloaded"),
            "gemini": (503, "UNAVAILABLE"),
        },
    ),
    (
        refusals.server_error(),
        {"anthropic": (500, "api_error"), "openai": (500, None), "gemini": (500, "INTERNAL")},
    ),
    (
        refusals.timed_out(),
        {
            "anthropic": (504, "timeout_error"),
            "openai": (504, None),
            "gemini": (504, "DEADLINE_EXCEEDED"),
        },
    ),
    (
        refusals.bad_key(),
        {
            "anthropic": (401, "authentication_error"),
            "openai": (401, "invalid_api_key"),
            "gemini": (400, "INVALID_ARGUMENT"),
        },
    ),
    (
        refusals.forbidden(),
        {
            "anthropic": (403, "permission_error"),
            "openai": (403, "unsupported_country_region_territory"),
            "gemini": (403, "PERMISSION_DENIED"),
        },
    ),
    (
        refusals.insufficient_quota(),
        {
            "anthropic": (402, "billing_error"),
            "openai": (429, "insufficient_quota"),
            "gemini": (402, "RESOURCE_EXHAUSTED"),
        },
    ),
    (
        refusals.out_of_credit(),
        {
            "anthropic": (400, "invalid_request_error"),
            "openai": (429, "credit_balance_exhausted"),
        },
    ),
    (
        refusals.spend_limit(),
        {"anthropic": (429, "rate_limit_error"), "openai": (429, "project_spend_limit_exceeded")},
    ),
    (
        refusals.context_too_long(),
        {
            "anthropic": (400, "invalid_request_error"),
            "openai": (400, "context_length_exceeded"),
            "gemini": (400, "INVALID_ARGUMENT"),
        },
    ),
    (refusals.request_too_large(), {"anthropic": (413, "request_too_large")}),
    (
        refusals.unknown_model(),
        {
            "anthropic": (404, "not_found_error"),
            "openai": (404, "model_not_found"),
            "gemini": (404, "NOT_FOUND"),
        },
    ),
    (
        refusals.invalid_request(),
        {
            "anthropic": (400, "invalid_request_error"),
            "openai": (400, None),
            "gemini": (400, "INVALID_ARGUMENT"),
        },
    ),
]


def refused(ask: Any, server: LoopbackServer, wire: Wire) -> Any:
    with pytest.raises(
        (anthropic.APIStatusError, openai.APIStatusError, errors.APIError)
    ) as caught:
        ask(server, wire)
    return caught.value


@pytest.mark.parametrize(("reply", "by_wire"), STATUS_AND_CODE)
def test_status_and_code(
    reply: PerWire, by_wire: dict[str, tuple[int, str | None]], ask: Any
) -> None:
    assert {str(wire) for wire in reply.replies} == set(by_wire)
    with LoopbackServer(lambda _: reply) as server:
        for name, (status, code) in by_wire.items():
            wire = Wire(name)
            error = refused(ask, server, wire)
            if wire is Wire.ANTHROPIC:
                assert (error.status_code, error.body["error"]["type"]) == (status, code)
                assert error.body["request_id"] == error.request_id
            elif wire is Wire.OPENAI:
                assert (error.status_code, error.code) == (status, code)
                assert error.request_id is not None
            else:
                assert (error.code, error.status) == (status, code)
                assert error.details["error"]["code"] == status
        assert {exchange.end for exchange in server.exchanges} == {End.REFUSED}
        assert server.billed == Usage()


def test_anthropic_headers_of_a_rate_limit(ask: Any) -> None:
    limited = refusals.rate_limited(12, LimitScope.INPUT_TOKENS, limit=4000)
    with LoopbackServer([limited]) as server:
        headers = refused(ask, server, Wire.ANTHROPIC).response.headers
    assert headers["retry-after"] == "12"
    assert headers["anthropic-ratelimit-input-tokens-limit"] == "4000"
    assert headers["anthropic-ratelimit-input-tokens-remaining"] == "0"
    assert headers["anthropic-ratelimit-input-tokens-reset"].endswith("Z")


def test_openai_headers_of_a_rate_limit(ask: Any) -> None:
    limited = refusals.rate_limited(0.25, LimitScope.TOKENS, limit=4000)
    with LoopbackServer([limited]) as server:
        error = refused(ask, server, Wire.OPENAI)
    assert error.type == "tokens"
    headers = error.response.headers
    assert headers["retry-after"] == "0.25"
    assert headers["retry-after-ms"] == "250"
    assert headers["x-ratelimit-limit-tokens"] == "4000"
    assert headers["x-ratelimit-reset-tokens"] == "250ms"


def test_gemini_details_of_a_rate_limit(ask: Any) -> None:
    with LoopbackServer([refusals.rate_limited(1.5)]) as server:
        failure, retry = refused(ask, server, Wire.GEMINI).details["error"]["details"]
    assert failure["@type"] == "type.googleapis.com/google.rpc.QuotaFailure"
    assert "PerMinute" in failure["violations"][0]["quotaId"]
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}


def test_gemini_names_a_bad_key_in_the_details(ask: Any) -> None:
    with LoopbackServer([refusals.bad_key()]) as server:
        details = refused(ask, server, Wire.GEMINI).details["error"]["details"]
    assert details[0]["reason"] == "API_KEY_INVALID"


def test_anthropic_names_a_spend_limit_in_the_details(ask: Any) -> None:
    with LoopbackServer([refusals.spend_limit()]) as server:
        error = refused(ask, server, Wire.ANTHROPIC)
    assert isinstance(error, anthropic.RateLimitError)
    assert error.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in error.response.headers


def test_openai_names_a_spend_limit_by_type(ask: Any) -> None:
    with LoopbackServer([refusals.spend_limit()]) as server:
        assert refused(ask, server, Wire.OPENAI).type == "insufficient_quota"


def test_wait_that_is_not_said(ask: Any) -> None:
    with LoopbackServer([refusals.rate_limited(None)] * 3) as server:
        for wire in Wire:
            error = refused(ask, server, wire)
            assert "retry-after" not in error.response.headers
            assert "RetryInfo" not in str(error)


def test_refusal_of_ones_own(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Refuse(418, "TEAPOT", "I am one.", {"x-lid": "on"})]) as server:
        error = refused(ask, server, wire)
    assert "I am one." in str(error)
    assert error.response.headers["x-lid"] == "on"


def test_reply_that_a_wire_does_not_know() -> None:
    with pytest.raises(LookupError, match="no form that gemini would send"):
        reply_for(refusals.spend_limit(), Wire.GEMINI)
