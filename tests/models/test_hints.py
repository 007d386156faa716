"""Every style in which a provider says when to come back, read from what the real SDKs hand out."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agentos.core.calls import (
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Model,
    RefusalKind,
    Request,
    RequestKind,
)
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.anthropic import AnthropicModel
from agentos.models.gemini import GeminiModel
from agentos.models.openai import OpenAIModel
from agentos.testing import LoopbackServer, Raw, Refuse, Reply, Say, Wire

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = TimeLimits(connect=30.0, idle=30.0, total=60.0)
ADAPTERS: Mapping[Wire, Callable[..., Model]] = {
    Wire.ANTHROPIC: AnthropicModel,
    Wire.OPENAI: OpenAIModel,
    Wire.GEMINI: GeminiModel,
}
CODES = {
    Wire.ANTHROPIC: "rate_limit_error",
    Wire.OPENAI: "rate_limit_exceeded",
    Wire.GEMINI: "RESOURCE_EXHAUSTED",
}


def ask(wire: Wire, reply: Reply) -> Any:
    with LoopbackServer([reply]) as server:
        settings = ModelSettings(f"{wire}/test", base_url=server.base_url(wire), time_limits=LIMITS)
        model = ADAPTERS[wire](settings, now=lambda: NOW)
        return model.complete(Request(RequestKind.DRAFT_LLD, source="Lend books."), "sk-made-up")


@pytest.mark.parametrize("wire", ADAPTERS)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"retry-after": "Tue, 24 Nov 2026 13:00:00 GMT"}, 3600.0),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "30", "Retry-After-Ms": "1500"}, 1.5),
        ({"retry-after": "soon"}, None),
    ],
    ids=["integer", "float", "date", "past date", "milliseconds", "nonsense"],
)
def test_when_to_come_back(wire: Wire, headers: dict[str, str], seconds: float | None) -> None:
    refusal = ask(wire, Refuse(429, CODES[wire], "Slowly.", headers))
    assert (refusal.kind, refusal.retry_after) == (RefusalKind.RATE_LIMITED, seconds)


STATED = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-24T12:06:00Z",
    "anthropic-ratelimit-input-tokens-remaining": "900",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-24T14:00:00.5+02:00",
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "6m0s",
    "x-ratelimit-remaining-tokens": "0",
    "x-ratelimit-reset-tokens": "120ms",
}
READ = LimitHint(
    limits=(
        Limit(LimitScope.REQUESTS, 50, 0, 360.0),
        Limit(LimitScope.INPUT_TOKENS, None, 900, 0.5),
        Limit(LimitScope.REQUESTS, 60, 59, 360.0),
        Limit(LimitScope.TOKENS, None, 0, 0.12),
    )
)


@pytest.mark.parametrize("wire", ADAPTERS)
def test_what_is_left_is_told_with_answers_as_with_refusals(wire: Wire) -> None:
    answer = ask(wire, Say("# Fine", limits=STATED))
    assert isinstance(answer, Answer)
    assert answer.hint == READ
    assert ask(wire, Refuse(429, CODES[wire], "Slowly.", STATED)).hint == READ
    assert ask(wire, Refuse(503, CODES[wire], "Busy.", STATED)).hint == READ


def test_a_gateway_may_state_a_reset_in_the_other_style() -> None:
    stated = {
        "x-ratelimit-reset-requests": "2026-11-24T12:00:30Z",
        "anthropic-ratelimit-tokens-reset": "1m30s",
    }
    assert ask(Wire.OPENAI, Say("# Fine", limits=stated)).hint == LimitHint(
        limits=(
            Limit(LimitScope.TOKENS, reset_after=90.0),
            Limit(LimitScope.REQUESTS, reset_after=30.0),
        )
    )


def retry_in(delay: str) -> dict[str, str]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


@pytest.mark.parametrize(
    ("delay", "seconds"), [("7s", 7.0), ("34.074824224s", 34.074824224), ("3600s", 3600.0)]
)
def test_google_says_it_in_the_body(delay: str, seconds: float) -> None:
    for status, code in ((429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")):
        reply = Refuse(status, code, "Slowly.", details=(retry_in(delay),))
        assert ask(Wire.GEMINI, reply).retry_after == seconds


def test_the_body_of_google_counts_more_than_a_gateways_header() -> None:
    headers = {"retry-after": "1"}
    reply = Refuse(429, "RESOURCE_EXHAUSTED", "Slowly.", headers, (retry_in("9s"),))
    assert ask(Wire.GEMINI, reply).retry_after == 9.0


ERRORS: dict[Wire, dict[str, Any]] = {
    Wire.ANTHROPIC: {"type": "error", "error": {"type": "rate_limit_error"}},
    Wire.OPENAI: {"error": {"code": "rate_limit_exceeded", "message": "Slowly."}},
    Wire.GEMINI: {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}},
}


def stream(error: dict[str, Any]) -> Raw:
    body = f"data: {json.dumps(error)}\r\n\r\n".encode()
    return Raw(200, body, "text/event-stream", STATED)


@pytest.mark.parametrize("wire", ADAPTERS)
def test_an_error_in_the_stream_comes_with_what_the_headers_said(wire: Wire) -> None:
    refusal = ask(wire, stream(ERRORS[wire]))
    assert (refusal.kind, refusal.hint) == (RefusalKind.RATE_LIMITED, READ)


def test_google_says_it_in_an_event_of_a_stream_too() -> None:
    error = ERRORS[Wire.GEMINI]["error"] | {"details": [retry_in("8s")]}
    refusal = ask(Wire.GEMINI, stream({"error": error}))
    assert (refusal.kind, refusal.retry_after) == (RefusalKind.RATE_LIMITED, 8.0)
