import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agentos.core.calls import (
    Answer,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
)
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.openai import OpenAIModel
from agentos.testing import (
    Cut,
    Decline,
    ErrorEvent,
    Flood,
    LoopbackServer,
    Raw,
    Redirect,
    Refuse,
    Reply,
    Say,
    Stall,
    Wire,
    limit_headers,
    refusals,
)

SECRET = "sk-proj-AbCdEfGh/+ijklmnop"
QUICK = TimeLimits(connect=5.0, idle=0.3, total=30.0)
# Where no silence is wanted, none may be seen on a busy machine.
PATIENT = TimeLimits(connect=30.0, idle=30.0, total=60.0)
REQUEST = Request(
    RequestKind.REVISE_LLD,
    template="# Template",
    context="def lend(): ...",
    source="Lend books.",
    draft="# A draft",
    feedback="Say more.",
)
TEXT = "# A document\n\nIts text, with an é and a \U0001f600."
JSON = "application/json"
STREAM = "text/event-stream"


def model_at(base_url: str, limits: TimeLimits = PATIENT) -> OpenAIModel:
    return OpenAIModel(
        ModelSettings(
            "openai/gpt-test", base_url=base_url, max_output_tokens=512, time_limits=limits
        )
    )


def ask(
    reply: Reply, limits: TimeLimits = PATIENT, secret: str | None = SECRET
) -> Answer | Refusal:
    """What the model makes of a reply; it asks once, whatever comes."""
    with LoopbackServer([reply]) as server:
        result = model_at(server.base_url(Wire.OPENAI), limits).complete(REQUEST, secret)
        server.wait_until(bool)  # a stall may be seen before the server comes to its turn
        assert len(server.exchanges) == 1
    return result


def refusal_for(reply: Reply, limits: TimeLimits = PATIENT) -> Refusal:
    result = ask(reply, limits)
    assert isinstance(result, Refusal)
    assert result.message
    assert SECRET not in repr(result)
    return result


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}]
    } | more


def stream(*chunks: object, done: bool = True) -> Raw:
    """Chunks as a server sends them that is not OpenAI's own."""
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    body = "".join(lines) + ("data: [DONE]\n\n" if done else "")
    return Raw(200, body.encode(), STREAM)


def error(**fields: Any) -> dict[str, Any]:
    return {"error": {"message": "What is wrong.", **fields}}


def plain(status: int, body: object) -> Raw:
    return Raw(status, json.dumps(body).encode(), JSON)


USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


# --- answers -----------------------------------------------------------------------------------


def test_an_answer_with_its_cost_and_the_limits() -> None:
    limits = (
        Limit(LimitScope.REQUESTS, 100, 99, 0.6),
        Limit(LimitScope.TOKENS, 40_000, 39_000, 72.0),
    )
    reply = Say(
        TEXT,
        input_tokens=1000,
        output_tokens=50,
        cached_tokens=600,
        cache_write_tokens=100,
        reasoning_tokens=30,
        chunks=7,
        limits=limit_headers(Wire.OPENAI, limits),
    )
    assert ask(reply) == Answer(
        TEXT, "openai/gpt-test", Usage(1000, 50, 600, 100), LimitHint(limits=limits)
    )


def test_an_answer_at_the_output_limit() -> None:
    assert ask(Say(TEXT, 9, 512, truncated=True)) == Answer(
        TEXT, "openai/gpt-test", Usage(9, 512), truncated=True
    )


@pytest.mark.parametrize(
    ("reply", "text", "usage"),
    [
        pytest.param(
            stream(chunk("He", usage=USAGE), chunk("llo"), chunk(finish="stop")),
            "Hello",
            Usage(100, 20),
            id="usage that goes along",
        ),
        pytest.param(
            stream(chunk("Hello"), chunk(finish="stop"), {"choices": [], "usage": USAGE}),
            "Hello",
            Usage(100, 20),
            id="usage at the end, without choices",
        ),
        pytest.param(
            stream(chunk("Hello", "stop"), {"usage": USAGE}),
            "Hello",
            Usage(100, 20),
            id="usage at the end, choices left out",
        ),
        pytest.param(
            stream(
                chunk("x", "stop", usage=USAGE | {"total_tokens": 400}),
            ),
            "x",
            Usage(100, 300),
            id="thoughts in the total alone",
        ),
        pytest.param(
            stream(
                chunk("x", "stop", usage=USAGE | {"prompt_tokens_details": {"cached_tokens": 150}})
            ),
            "x",
            Usage(100, 20, 100),
            id="more cached than read",
        ),
        pytest.param(stream(chunk("Hello", "stop")), "Hello", None, id="no usage"),
        pytest.param(
            stream(chunk("Hello", "stop"), done=False), "Hello", None, id="no [DONE] either"
        ),
        pytest.param(
            stream(chunk("Hello", "stop", usage={"prompt_tokens": "many"})),
            "Hello",
            None,
            id="usage of another kind",
        ),
        pytest.param(
            stream(
                {"choices": None},
                {"choices": [], "prompt_filter_results": [{"index": 0}]},
                {"choices": [{"delta": None}]},
                {"choices": [{"delta": {"role": "assistant", "reasoning_content": "Hm."}}]},
                {"choices": [{"delta": {"content": None}, "finish_reason": None}]},
                {"choices": [{"delta": {"content": "Hello", "refusal": None}, "extra": {}}]},
                {"choices": [{"finish_reason": "eos"}], "timings": {"n": 1}},
            ),
            "Hello",
            None,
            id="fields left out, empty and added",
        ),
        pytest.param(
            stream(chunk("\ud83d"), chunk("\ude00 \ud83d"), chunk(finish="stop")),
            "\U0001f600 \ufffd",
            None,
            id="a character in two chunks, and half a one",
        ),
        pytest.param(
            stream(chunk("Hello", "stop"), error(code="server_error")),
            "Hello",
            None,
            id="an error after the end",
        ),
        pytest.param(
            plain(
                200,
                {
                    "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
                    "usage": USAGE,
                },
            ),
            "Hello",
            Usage(100, 20),
            id="no stream at all",
        ),
        pytest.param(stream(chunk("", "stop")), "", None, id="nothing said"),
    ],
)
def test_answers_of_other_servers(reply: Reply, text: str, usage: Usage | None) -> None:
    assert ask(reply) == Answer(text, "openai/gpt-test", usage)


# --- refusals ----------------------------------------------------------------------------------

NOTHING = Usage()
CREDENTIAL, ACCOUNT, REQUEST_, TRANSIENT = (
    RefusalKind.CREDENTIAL,
    RefusalKind.ACCOUNT,
    RefusalKind.REQUEST,
    RefusalKind.TRANSIENT,
)
RATE_LIMITED, OVERLOADED = RefusalKind.RATE_LIMITED, RefusalKind.OVERLOADED


@pytest.mark.parametrize(
    ("reply", "kind", "code", "usage"),
    [
        (refusals.bad_key(), CREDENTIAL, "invalid_api_key", NOTHING),
        (refusals.forbidden(), CREDENTIAL, "unsupported_country_region_territory", NOTHING),
        (Refuse(402, "", "Pay."), ACCOUNT, "invalid_request_error", NOTHING),
        (refusals.insufficient_quota(), ACCOUNT, "insufficient_quota", NOTHING),
        (refusals.spend_limit(), ACCOUNT, "project_spend_limit_exceeded", NOTHING),
        (Refuse(400, "billing_hard_limit_reached", "x"), ACCOUNT, "billing_hard_limit_reached",
         NOTHING),
        (plain(429, error(type="insufficient_quota", code=None)), ACCOUNT,
         "insufficient_quota", NOTHING),
        (refusals.rate_limited(), RATE_LIMITED, "rate_limit_exceeded", NOTHING),
        (plain(429, {"detail": "slowly"}), RATE_LIMITED, "http_429", NOTHING),
        (refusals.overloaded(), OVERLOADED, "server_is_overloaded", NOTHING),
        (plain(503, error(code=503, type="unavailable_error")), OVERLOADED, "unavailable_error",
         NOTHING),
        (Raw(529, b""), OVERLOADED, "http_529", NOTHING),
        (refusals.server_error(), TRANSIENT, "server_error", None),
        (refusals.timed_out(), TRANSIENT, "server_error", None),
        (Raw(502, b"<html>Bad Gateway</html>"), TRANSIENT, "http_502", None),
        (Refuse(408, "", "x"), TRANSIENT, "invalid_request_error", NOTHING),
        (Refuse(409, "", "x"), TRANSIENT, "invalid_request_error", NOTHING),
        (refusals.context_too_long(), REQUEST_, "context_length_exceeded", NOTHING),
        (plain(500, error(code=500, type="exceed_context_size_error")), REQUEST_,
         "exceed_context_size_error", None),
        (refusals.unknown_model(), REQUEST_, "model_not_found", NOTHING),
        (refusals.invalid_request(), REQUEST_, "invalid_request_error", NOTHING),
        (plain(422, {"detail": [{"loc": ["body"]}]}), REQUEST_, "http_422", NOTHING),
        (Raw(413, b"<html>"), REQUEST_, "http_413", NOTHING),
        (plain(404, {"error": "model 'x' not found"}), REQUEST_, "http_404", NOTHING),
        (Redirect("https://elsewhere.example/v1"), REQUEST_, "http_307", NOTHING),
        (stream({"choices": [{"delta": {"refusal": "I cannot."}, "finish_reason": "stop"}]}),
         REQUEST_, "refusal", None),
        (ErrorEvent("rate_limit_exceeded", "x"), RATE_LIMITED, "rate_limit_exceeded", None),
        (ErrorEvent("server_is_overloaded", "x"), OVERLOADED, "server_is_overloaded", None),
        (ErrorEvent("insufficient_quota", "x"), ACCOUNT, "insufficient_quota", None),
        (ErrorEvent("", "x"), TRANSIENT, "server_error", None),
        (stream(error(code=400, type="BadRequestError")), REQUEST_, "BadRequestError", None),
        (stream(error(code=429)), RATE_LIMITED, RefusalCode.CUT, None),
        (stream(error(code=1)), TRANSIENT, RefusalCode.CUT, None),
        (stream({"error": "out of memory"}), TRANSIENT, RefusalCode.CUT, None),
        (stream(chunk("x", usage=USAGE), error(code=500)), TRANSIENT, RefusalCode.CUT, None),
        (stream(chunk("x", usage=USAGE)), TRANSIENT, RefusalCode.CUT, None),
        (stream(chunk("x", usage=USAGE), done=False), TRANSIENT, RefusalCode.CUT, None),
        (Raw(200, stream(chunk("x", usage=USAGE)).body + b"data: {oops\n\n", STREAM), TRANSIENT,
         RefusalCode.CUT, None),
        (plain(200, error(code=400, type="exceed_context_size_error")), REQUEST_,
         "exceed_context_size_error", None),
        (Cut(None), TRANSIENT, RefusalCode.CUT, None),
        (Cut(2), TRANSIENT, RefusalCode.CUT, None),
        (Cut(2, clean=True), TRANSIENT, RefusalCode.CUT, None),
        (stream(chunk("x")), TRANSIENT, RefusalCode.CUT, None),
        (stream(chunk("x", "error", usage=USAGE)), TRANSIENT, RefusalCode.CUT, Usage(100, 20)),
        (Raw(200, b"", STREAM), TRANSIENT, RefusalCode.CUT, None),
        (Raw(200, b"<html>Log in</html>"), TRANSIENT, RefusalCode.NO_ANSWER, None),
        (Raw(200, b"data: {oops\n\n", STREAM), TRANSIENT, RefusalCode.NO_ANSWER, None),
        (Raw(200, b"data: \xff\n\n", STREAM), TRANSIENT, RefusalCode.NO_ANSWER, None),
        (Raw(200, b"data: 42\n\n", STREAM), TRANSIENT, RefusalCode.NO_ANSWER, None),
        (Raw(200, b"{oops", JSON), TRANSIENT, RefusalCode.NO_ANSWER, None),
        (plain(200, [1]), TRANSIENT, RefusalCode.CUT, None),
        (Flood(50_000_000), REQUEST_, RefusalCode.OVERSIZED, None),
    ],
)  # fmt: skip
def test_refusals(reply: Reply, kind: RefusalKind, code: str, usage: Usage | None) -> None:
    refusal = refusal_for(reply)
    assert (refusal.kind, refusal.code, refusal.usage) == (kind, code, usage)


def test_what_was_declined_has_cost_something() -> None:
    refusal = refusal_for(Decline("I can"))
    assert (refusal.kind, refusal.code) == (REQUEST_, "content_filter")
    assert refusal.usage is not None
    assert refusal.usage.input_tokens > 0 < refusal.usage.output_tokens


@pytest.mark.parametrize("stall", [Stall(None), Stall(0), Stall(2)])
def test_a_stall_is_seen(stall: Stall) -> None:
    refusal = refusal_for(stall, QUICK)
    assert (refusal.kind, refusal.code) == (TRANSIENT, RefusalCode.STALLED)
    assert refusal.usage is None


def test_keep_alives_do_not_hold_a_call_open_for_ever() -> None:
    refusal = refusal_for(Stall(1, ping_every=0.02), TimeLimits(idle=30.0, total=0.4))
    assert (refusal.kind, refusal.code) == (TRANSIENT, RefusalCode.TOO_LONG)


def test_the_limits_reach_the_pool_with_a_refusal_too() -> None:
    refusal = refusal_for(refusals.rate_limited(retry_after=2.5, limit=50))
    assert refusal.hint == LimitHint(2.5, (Limit(LimitScope.REQUESTS, 50, 0, 2.5),))
    body = json.dumps(error(code="slow_down")).encode()
    in_stream = Raw(200, b"data: " + body + b"\n\n", STREAM, {"retry-after": "7"})
    assert refusal_for(in_stream).hint == LimitHint(7.0)
    assert refusal_for(replace(in_stream, body=b"data: {oops\n\n")).hint == LimitHint(7.0)
    assert refusal_for(replace(in_stream, body=b"")).hint == LimitHint(7.0)


def test_a_date_to_come_back_at_is_counted_from_now() -> None:
    reply = Refuse(429, "", "x", {"retry-after": "Sat, 31 Jan 2026 12:00:10 GMT"})
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    with LoopbackServer([reply]) as server:
        settings = ModelSettings("openai/gpt-test", base_url=server.base_url(Wire.OPENAI))
        result = OpenAIModel(settings, now=lambda: now).complete(REQUEST, SECRET)
    assert result.hint == LimitHint(10.0)


def test_a_message_about_a_key_is_our_own() -> None:
    """The provider's may quote a part of the key."""
    refusal = refusal_for(
        Refuse(401, "invalid_api_key", f"Incorrect API key provided: {SECRET[:12]}***mnop.")
    )
    assert refusal.message.startswith("HTTP 401 (invalid_api_key): the key was refused;")
    assert SECRET[:12] not in repr(refusal)


@pytest.mark.parametrize(
    "body",
    [
        error(message=f"Bad  header:\nBearer {SECRET} " + "x" * 400),
        {"detail": f"Bad header: Bearer {SECRET} " + "x" * 400},
        {"error": f"Bad header: Bearer {SECRET} " + "x" * 400},
    ],
)
def test_a_message_about_the_request_is_the_providers_own(body: object) -> None:
    refusal = refusal_for(plain(400, body))
    _, _, quote = refusal.message.partition(": ")
    assert quote.startswith("Bad header: Bearer *** xxx")
    assert len(quote) == 300
