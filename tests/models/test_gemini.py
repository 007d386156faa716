import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from google import genai
from hypothesis import given, settings
from hypothesis import strategies as st

import agentos.models.hosted
from agentos.core.calls import (
    Answer,
    LimitHint,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
)
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.gemini import PROVIDER, GeminiModel
from agentos.models.prompt import bound, join
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
    refusals,
)

NAME = "gemini/gemini-test"
SECRET = "AIzaSyA-made_up/key+0123456789"
IMPATIENT = TimeLimits(connect=30.0, idle=0.3, total=30.0)
PATIENT = TimeLimits(connect=30.0, idle=30.0, total=30.0)
REQUEST = Request(
    RequestKind.REVISE_LLD,
    template="# Template",
    context="def lend(): ...",
    source="Lend books. \U0001f4da",
    draft="# A draft",
    feedback="Say more.",
)
FREE = Usage()
ASKED = Usage(-(-len(join(REQUEST).whole.encode()) // 4))  # as the loopback server counts
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def model(base_url: str | None, limits: TimeLimits = PATIENT, **options: str) -> GeminiModel:
    return GeminiModel(
        ModelSettings(
            NAME, base_url=base_url, max_output_tokens=512, time_limits=limits, options=options
        ),
        now=lambda: NOW,
    )


def ask(reply: Reply, limits: TimeLimits = PATIENT, secret: str | None = SECRET) -> Any:
    """One call; whatever comes, the server was asked once."""
    with LoopbackServer([reply]) as server:
        result = model(server.base_url(Wire.GEMINI), limits).complete(REQUEST, secret)
        assert [exchange.asked.secret for exchange in server.exchanges] == [secret or ""]
    return result


def events(*chunks: object) -> Raw:
    body = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks)
    return Raw(200, body.encode(), "text/event-stream")


def chunk(text: str, finish_reason: str | None = None, **more: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": finish_reason, **more}]}


THOUGHT = chunk("# Seen", "STOP")
THOUGHT["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me see.", "thought": True})


@dataclass
class Recorded:
    """What went out of a model whose network is this function."""

    requests: list[httpx2.Request] = field(default_factory=list)
    reply: Callable[[httpx2.Request], httpx2.Response] = lambda _: httpx2.Response(
        200, headers={"content-type": "text/event-stream"}, content=events(chunk("x", "STOP")).body
    )

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.reply(request)

    @property
    def body(self) -> Any:
        return json.loads(self.requests[0].content)


@contextmanager
def no_network(recorded: Recorded) -> Iterator[None]:
    @contextmanager
    def client(
        limits: TimeLimits,
        *,
        secret: str | None,
        max_output_tokens: int,
    ) -> Iterator[httpx2.Client]:
        assert max_output_tokens > 0
        timeout = httpx2.Timeout(limits.idle, connect=limits.connect)
        with httpx2.Client(transport=httpx2.MockTransport(recorded), timeout=timeout) as client:
            yield client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agentos.models.hosted, "guarded_client", client)
        yield


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    recorded = Recorded()
    with no_network(recorded):
        yield recorded


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param(Say("# Whole", 900, 80), Answer("# Whole", NAME, Usage(900, 80)), id="whole"),
        pytest.param(
            Say("# Seen before", 900, 80, cached_tokens=700),
            Answer("# Seen before", NAME, Usage(900, 80, 700)),
            id="cached tokens",
        ),
        pytest.param(
            Say("# Thought over", 900, 80, reasoning_tokens=64),
            Answer("# Thought over", NAME, Usage(900, 80)),
            id="thoughts tokens",
        ),
        pytest.param(
            Say("# Long", 900, 512, truncated=True),
            Answer("# Long", NAME, Usage(900, 512), truncated=True),
            id="truncated",
        ),
        pytest.param(Say("", 900, 512), Answer("", NAME, Usage(900, 512)), id="empty"),
        pytest.param(
            Say(
                "# Limited", 9, 8, limits={"x-ratelimit-remaining-requests": "", "retry-after": "2"}
            ),
            Answer("# Limited", NAME, Usage(9, 8), LimitHint(2.0)),
            id="a gateway's headers",
        ),
        pytest.param(
            events(chunk("# Half"), chunk("", "CONTINUATION", continuationToken="bW9yZQ==")),
            Answer("# Half", NAME, truncated=True),
            id="more to be had, which nobody asks for",
        ),
        pytest.param(
            events(chunk("# Whole", "STOP"), {"error": {"code": 503, "status": "UNAVAILABLE"}}),
            Answer("# Whole", NAME),
            id="an error after the end",
        ),
        pytest.param(
            events(chunk("# \ud83d"), chunk("\udcda"), chunk("", "STOP")),
            Answer("# \U0001f4da", NAME),
            id="a character in two chunks",
        ),
        pytest.param(
            events(THOUGHT | {"usageMetadata": {"promptTokenCount": 9, "thoughtsTokenCount": 3}}),
            Answer("# Seen", NAME, Usage(9, 3)),
            id="a thought that is told, and no total",
        ),
        pytest.param(
            events(chunk("# Odd", "STOP") | {"usageMetadata": {"promptTokenCount": -1}}),
            Answer("# Odd", NAME),
            id="a count that cannot be",
        ),
    ],
)
def test_answers(reply: Reply, answer: Answer) -> None:
    assert ask(reply) == answer


def status(code: int, status: str, *details: Mapping[str, Any], **headers: str) -> Refuse:
    return Refuse(code, status, "No.", headers, details)


def reason(name: str) -> Mapping[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": name}


RATE, BUSY, AGAIN = RefusalKind.RATE_LIMITED, RefusalKind.OVERLOADED, RefusalKind.TRANSIENT
KEY, ACCOUNT, NEVER = RefusalKind.CREDENTIAL, RefusalKind.ACCOUNT, RefusalKind.REQUEST
UNTIL_TOMORROW = 20 * 3600.0  # NOW is 04:00 in California
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
HTML = b"<html><body>Welcome to the hotel</body></html>"


@pytest.mark.parametrize(
    ("reply", "kind", "code", "usage", "retry_after"),
    [
        # the credential rests, or is refused for good
        (refusals.rate_limited(7), RATE, "RESOURCE_EXHAUSTED", FREE, 7.0),
        (refusals.rate_limited(None), RATE, "RESOURCE_EXHAUSTED", FREE, None),
        (
            status(429, "RESOURCE_EXHAUSTED", **{"retry-after": "9"}),
            RATE,
            "RESOURCE_EXHAUSTED",
            FREE,
            9.0,
        ),
        (refusals.daily_quota(), RefusalKind.DAILY_QUOTA, DAY, FREE, UNTIL_TOMORROW),
        (refusals.bad_key(), KEY, "API_KEY_INVALID", FREE, None),
        (refusals.forbidden(), KEY, "CONSUMER_SUSPENDED", FREE, None),
        (refusals.insufficient_quota(), ACCOUNT, "RESOURCE_EXHAUSTED", FREE, None),
        (status(400, "FAILED_PRECONDITION"), ACCOUNT, "FAILED_PRECONDITION", FREE, None),
        (status(400, "X", reason("BILLING_DISABLED")), ACCOUNT, "BILLING_DISABLED", FREE, None),
        (status(401, "UNAUTHENTICATED"), KEY, "UNAUTHENTICATED", FREE, None),
        (status(403, "PERMISSION_DENIED"), KEY, "PERMISSION_DENIED", FREE, None),
        # the provider is busy or broken
        (refusals.overloaded(3), BUSY, "UNAVAILABLE", FREE, 3.0),
        (status(529, ""), BUSY, "http_529", FREE, None),
        (refusals.server_error(), AGAIN, "INTERNAL", None, None),
        (refusals.timed_out(), AGAIN, "DEADLINE_EXCEEDED", None, None),
        (status(408, ""), AGAIN, "http_408", FREE, None),
        (status(409, "ABORTED"), AGAIN, "ABORTED", FREE, None),
        (status(499, "CANCELLED"), AGAIN, "CANCELLED", FREE, None),
        (Raw(502, HTML), AGAIN, "http_502", None, None),
        # the request is refused for good
        (refusals.context_too_long(), NEVER, "INVALID_ARGUMENT", FREE, None),
        (refusals.unknown_model(), NEVER, "NOT_FOUND", FREE, None),
        (status(413, ""), NEVER, "http_413", FREE, None),
        (status(422, ""), NEVER, "http_422", FREE, None),
        (Raw(404, HTML), NEVER, "http_404", FREE, None),
        (Raw(400, b'["no", "object"]', "application/json"), NEVER, "http_400", FREE, None),
        (Decline(), NEVER, "PROHIBITED_CONTENT", ASKED, None),
        (Decline("# Ha"), NEVER, "SAFETY", ASKED + Usage(0, 1), None),
        (events({"promptFeedback": {"blockReason": "OTHER"}}), NEVER, "OTHER", None, None),
        (Redirect("https://example.org/?key=1"), NEVER, "http_307", FREE, None),
        (Flood(50 * 1024**2), NEVER, RefusalCode.OVERSIZED, None, None),
        # an error inside of a 200
        (ErrorEvent("RESOURCE_EXHAUSTED", "No."), RATE, "RESOURCE_EXHAUSTED", None, None),
        (ErrorEvent("UNAVAILABLE", "No."), BUSY, "UNAVAILABLE", None, None),
        (ErrorEvent("INTERNAL", "No.", after_chunks=0), AGAIN, "INTERNAL", None, None),
        (ErrorEvent("INVALID_ARGUMENT", "No."), NEVER, "INVALID_ARGUMENT", None, None),
        # no answer, or not all of it
        (Cut(), AGAIN, RefusalCode.CUT, None, None),
        (Cut(None), AGAIN, RefusalCode.CUT, None, None),
        (Cut(clean=True), AGAIN, RefusalCode.CUT, None, None),
        (Raw(200, HTML), AGAIN, RefusalCode.NO_ANSWER, None, None),
        (Raw(200, b""), AGAIN, RefusalCode.NO_ANSWER, None, None),
        (Raw(200, b'data: {"cand', "text/event-stream"), AGAIN, RefusalCode.NO_ANSWER, None, None),
        (events({"choices": []}), AGAIN, RefusalCode.NO_ANSWER, None, None),
        (events({"candidates": [5]}), AGAIN, RefusalCode.NO_ANSWER, None, None),
        (events({"error": "none of theirs"}), AGAIN, RefusalCode.NO_ANSWER, None, None),
    ],
)
def test_refusals(
    reply: Reply, kind: RefusalKind, code: str, usage: Usage | None, retry_after: float | None
) -> None:
    refusal = ask(reply)
    assert (refusal.kind, refusal.usage, refusal.retry_after) == (kind, usage, retry_after)
    assert refusal.code == code
    assert refusal.message.endswith(".")
    assert "hotel" not in refusal.message


@pytest.mark.parametrize(
    ("finish_reason", "kind"),
    [
        *[
            (r, NEVER)
            for r in ("RECITATION", "BLOCKLIST", "SPII", "LANGUAGE", "NEWER_THAN_THE_SDK")
        ],
        *[(r, AGAIN) for r in ("OTHER", "MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE")],
        ("PUP_LIMITED_DISABLED", ACCOUNT),
    ],
)
def test_an_answer_broken_off_is_a_refusal_with_its_cost(
    finish_reason: str, kind: RefusalKind
) -> None:
    counted = {"promptTokenCount": 90, "candidatesTokenCount": 4, "totalTokenCount": 99}
    refusal = ask(events(chunk("# Ha", finish_reason) | {"usageMetadata": counted}))
    assert (refusal.kind, refusal.code, refusal.usage) == (kind, finish_reason, Usage(90, 9))


@pytest.mark.parametrize("after_chunks", [None, 0, 2])
def test_a_stall_ends_at_the_idle_limit(after_chunks: int | None) -> None:
    refusal = ask(Stall(after_chunks), IMPATIENT)
    assert (refusal.kind, refusal.code) == (AGAIN, RefusalCode.STALLED)
    assert refusal.usage is None


def test_a_trickle_ends_at_the_total_limit() -> None:
    limits = TimeLimits(connect=30.0, idle=30.0, total=0.3)
    refusal = ask(Say("# Slow" * 100, chunks=200, delay=0.01), limits)
    assert (refusal.kind, refusal.code) == (AGAIN, RefusalCode.TOO_LONG)


def test_nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    refusal = model(f"http://127.0.0.1:{port}").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (AGAIN, RefusalCode.UNREACHABLE)
    assert refusal.usage == FREE


def test_no_tls_there() -> None:
    with LoopbackServer([]) as server:
        refusal = model(f"https://127.0.0.1:{server.port}").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code, refusal.usage) == (NEVER, RefusalCode.TLS, FREE)


@pytest.mark.parametrize(
    "reply",
    [
        Refuse(400, "INVALID_ARGUMENT", f"Who has given you {SECRET}?"),
        Refuse(400, SECRET, "No."),
        Refuse(403, "PERMISSION_DENIED", f"Consumer 'api_key:{SECRET[:20]}' is suspended."),
        Refuse(400, "INVALID_ARGUMENT", SECRET, details=(reason("API_KEY_INVALID"),)),
        Refuse(429, "RESOURCE_EXHAUSTED", SECRET),
        ErrorEvent("INVALID_ARGUMENT", SECRET),
        ErrorEvent(SECRET, SECRET),
        Raw(500, SECRET.encode()),
        events(chunk("", SECRET)),
        events({"promptFeedback": {"blockReason": SECRET}}),
        events(SECRET),
        Redirect(f"https://example.org/?key={SECRET}"),
    ],
)
def test_no_refusal_tells_the_key(reply: Reply) -> None:
    refusal = ask(reply)
    assert isinstance(refusal, Refusal)
    assert SECRET[:12] not in repr(refusal)


def test_the_providers_sentence_is_told_in_part() -> None:
    refusal = ask(Refuse(400, "INVALID_ARGUMENT", f"Not {SECRET} so.\n" + "x" * 1000))
    assert refusal.message.startswith("HTTP 400 (INVALID_ARGUMENT): Not *** so. xxx")
    assert len(refusal.message) < 340


@pytest.mark.parametrize("key", ["AIza\nSy", "AIza Sy\N{EURO SIGN}"])
def test_a_key_that_no_header_can_carry_is_not_sent(key: str) -> None:
    with LoopbackServer([]) as server:
        refusal = model(server.base_url(Wire.GEMINI)).complete(REQUEST, key)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.usage) == (KEY, FREE)
    assert "AIza" not in repr(refusal)


def test_what_a_server_sees() -> None:
    with LoopbackServer([Say("# Whole")]) as server:
        model(server.base_url("gemini"), api_version="v1beta").complete(REQUEST, f" {SECRET}\n")
        asked = server.exchanges[0].asked
    assert (asked.model, asked.secret, asked.max_output_tokens) == ("gemini-test", SECRET, 512)
    assert asked.prompt == join(REQUEST).whole


def test_what_goes_out(recorded: Recorded) -> None:
    model(None, IMPATIENT).complete(REQUEST, SECRET)
    request, prompt = recorded.requests[0], join(REQUEST)
    own_service = "https://generativelanguage.googleapis.com/v1/models/gemini-test"
    assert str(request.url) == f"{own_service}:streamGenerateContent?alt=sse"
    assert request.headers["x-goog-api-key"] == SECRET
    assert [value for value in request.headers.values() if SECRET in value] == [SECRET]
    assert recorded.body == {
        "systemInstruction": {"role": "user", "parts": [{"text": prompt.system}]},
        "contents": [{"role": "user", "parts": [{"text": prompt.stable}, {"text": prompt.fresh}]}],
        "generationConfig": {"maxOutputTokens": 512},
    }
    timeouts = request.extensions["timeout"]
    assert (timeouts["connect"], timeouts["read"]) == (30.0, 0.3)


def test_half_characters_and_empty_parts_do_not_go_out(recorded: Recorded) -> None:
    model(None).complete(Request(RequestKind.DRAFT_LLD, draft="\ud83d"), SECRET)
    assert [part["text"][:7] for part in recorded.body["contents"][0]["parts"]] == ["# Draft"]
    assert "\N{REPLACEMENT CHARACTER}" in recorded.body["contents"][0]["parts"][0]["text"]


@pytest.mark.parametrize("secret", [None, ""])
def test_no_key_is_no_header(secret: str | None, recorded: Recorded) -> None:
    assert isinstance(model("http://127.0.0.1:1").complete(REQUEST, secret), Answer)
    assert "x-goog-api-key" not in recorded.requests[0].headers


ENVIRONMENT = {
    "GEMINI_API_KEY": "another",
    "GOOGLE_API_KEY": "another",
    "GOOGLE_CLOUD_LOCATION": "us",
    "GOOGLE_CLOUD_PROJECT": "another",
    "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1",
    "GOOGLE_GENAI_API_VERSION": "v9",
    "GOOGLE_GENAI_CLIENT_MODE": "replay",
    "GOOGLE_GENAI_HTTP_CLIENT": "httpx",  # which is not installed
    "GOOGLE_GENAI_REPLAYS_DIRECTORY": "/nowhere",
    "GOOGLE_GENAI_REPLAY_ID": "nothing",
    "GOOGLE_GENAI_USE_ENTERPRISE": "true",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_VERTEX_BASE_URL": "http://127.0.0.1:1",
    "GOOGLE_API_USE_CLIENT_CERTIFICATE": "true",
    "GOOGLE_API_USE_MTLS_ENDPOINT": "always",
}


@pytest.mark.parametrize("secret", [SECRET, None])
def test_the_environment_changes_nothing(
    secret: str | None, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(None).complete(REQUEST, secret)
    unusable = {
        "ALL_PROXY": "nonsense://",
        "SSL_CERT_FILE": "/nowhere",
    }  # but this client has its own
    for name, value in (ENVIRONMENT | unusable).items():
        monkeypatch.setenv(name, value)
    model(None).complete(REQUEST, secret)
    before, after = recorded.requests
    assert (before.url, before.headers, before.content) == (
        after.url,
        after.headers,
        after.content,
    )


def test_no_other_variable_of_googles_is_read(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = set()
    look_up = type(os.environ).__getitem__

    def spy(self: "os._Environ[str]", name: str) -> str:
        looked_up.add(name)
        return look_up(self, name)

    monkeypatch.setattr(type(os.environ), "__getitem__", spy)
    model(None).complete(REQUEST, SECRET)
    theirs = {name for name in looked_up if name.startswith(("GOOGLE", "GEMINI", "CLOUDSDK"))}
    assert "GOOGLE_API_KEY" in theirs
    assert theirs <= ENVIRONMENT.keys()


FIELDS = ["candidates", "content", "parts", "text", "finishReason", "promptFeedback", "blockReason"]
FIELDS += ["usageMetadata", "promptTokenCount", "error", "code", "status", "message", "details"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(code=st.sampled_from([200, 200, 400, 429]), values=st.lists(JSON, max_size=3))
def test_no_body_makes_it_raise(code: int, values: list[Any]) -> None:
    body = events(*values).body if code == 200 else json.dumps(values).encode()
    with no_network(Recorded(reply=lambda _: httpx2.Response(code, content=body))):
        assert isinstance(model(None).complete(REQUEST, SECRET), Answer | Refusal)


def test_the_sdk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("google.genai")
    monkeypatch.setitem(sys.modules, "google.genai", None)
    refusal = model(None).complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (NEVER, RefusalCode.MISSING_PACKAGE)
    assert "pip install 'google-genai>=3,<4'" in refusal.message


def test_the_sdk_is_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genai, "__version__", "2.14.0")
    refusal = model(None).complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.code == RefusalCode.MISSING_PACKAGE
    assert "2.14.0" in refusal.message


def test_the_adapter_is_light() -> None:
    program = (
        "import sys; from agentos.models.gemini import PROVIDER;"
        "print(*sorted({'google.genai', 'httpx2', 'pydantic'} & sys.modules.keys()))"
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE)
    assert printed.stdout == b"\n"


def test_the_provider_builds_models_with_names_and_bounds() -> None:
    built = PROVIDER.build(ModelSettings("gemini/models/gemini-3.8", max_output_tokens=64), {})
    assert (built.name, built.provider) == ("gemini/models/gemini-3.8", PROVIDER.name)
    assert built.bound(REQUEST) == bound(join(REQUEST), 64)


@pytest.mark.parametrize("name", ["gemini", "gemini/", "gemini/a b", "gemini/../x", "gemini/a?b"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ConfigError, match="names no model"):
        PROVIDER.build(ModelSettings(name), {})


def test_an_api_version_that_is_none() -> None:
    with pytest.raises(ConfigError, match="api_version of gemini/x is 'v9'"):
        PROVIDER.build(ModelSettings("gemini/x", options={"api_version": "v9"}), {})
