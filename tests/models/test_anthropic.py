import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import pytest
from opentelemetry import trace

from agentos.core.calls import (
    Answer,
    Limit,
    LimitScope,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
)
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.anthropic import PROVIDER, AnthropicModel
from agentos.models.prompt import join
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
)

SECRET = "sk-ant-api03-AbCdEfGh/+ijklmnop"
LIMITS = TimeLimits(connect=5.0, idle=0.3, total=5.0)
REQUEST = Request(
    RequestKind.REVISE_LLD,
    template="# Template",
    context="def lend(): ...",
    source="Lend books.",
    draft="# A draft",
    feedback="Say more.",
)
PATIENT = replace(
    LIMITS, idle=30.0
)  # where no silence is wanted, none may be seen on a busy machine


def model_at(base_url: str, limits: TimeLimits = PATIENT) -> AnthropicModel:
    settings = ModelSettings(
        "anthropic/claude-test", base_url=base_url, max_output_tokens=512, time_limits=limits
    )
    return AnthropicModel(settings)


def ask(
    reply: Reply, limits: TimeLimits = PATIENT, secret: str | None = SECRET
) -> Answer | Refusal:
    with LoopbackServer([reply]) as server:
        result = model_at(server.base_url(Wire.ANTHROPIC), limits).complete(REQUEST, secret)
        assert len(server.exchanges) == 1
    return result


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(
            Say("# Whole", input_tokens=900, output_tokens=80),
            Answer("# Whole", "anthropic/claude-test", Usage(900, 80)),
            id="answer",
        ),
        pytest.param(
            Say("# Cached", 900, 80, cached_tokens=700, cache_write_tokens=150),
            Answer("# Cached", "anthropic/claude-test", Usage(900, 80, 700, 150)),
            id="cache",
        ),
        pytest.param(
            Say("# Long", 900, 512, truncated=True),
            Answer("# Long", "anthropic/claude-test", Usage(900, 512), truncated=True),
            id="truncated",
        ),
        pytest.param(
            Say("", 900, 1),
            Answer("", "anthropic/claude-test", Usage(900, 1)),
            id="empty",
        ),
        pytest.param(
            Raw(
                200,
                json.dumps(
                    {
                        "type": "message",
                        "content": [
                            {"type": "thinking", "thinking": "Hm."},
                            {"type": "text", "text": "# At "},
                            {"type": "text", "text": "once"},
                        ],
                        "stop_reason": "end_turn",
                        "usage": {"input_tokens": 900, "output_tokens": 80},
                    }
                ).encode(),
                "application/json",
            ),
            Answer("# At once", "anthropic/claude-test", Usage(900, 80)),
            id="not streamed",
        ),
    ],
)
def test_answers(reply: Reply, expected: Answer) -> None:
    assert ask(reply) == expected


NOTHING = Usage()


def refuse(status: int, code: str, message: str = "No.", error_code: str = "") -> Refuse:
    details = ({"error_code": error_code},) if error_code else ()
    return Refuse(status, code, message, details=details)


def event(code: str) -> ErrorEvent:
    return ErrorEvent(code, "It broke.")


@pytest.mark.parametrize(
    ("reply", "kind", "code", "usage"),
    [
        (refuse(400, "invalid_request_error"), "request", "invalid_request_error", NOTHING),
        (refuse(400, "x", error_code="organization_on_hold"), "account", None, NOTHING),
        (refuse(401, "authentication_error"), "credential", "authentication_error", NOTHING),
        (refuse(402, "billing_error"), "account", "billing_error", NOTHING),
        (refuse(403, "permission_error"), "credential", "permission_error", NOTHING),
        (refuse(404, "not_found_error"), "request", "not_found_error", NOTHING),
        (refuse(408, "timeout_error"), "transient", "timeout_error", NOTHING),
        (refuse(409, "conflict_error"), "transient", "conflict_error", NOTHING),
        (refuse(413, "request_too_large"), "request", "request_too_large", NOTHING),
        (refuse(422, "invalid_request_error"), "request", "invalid_request_error", NOTHING),
        (refuse(429, "rate_limit_error"), "rate_limited", "rate_limit_error", NOTHING),
        (
            refuse(429, "rate_limit_error", error_code="enforced_spend_limit_reached"),
            "account",
            "enforced_spend_limit_reached",
            NOTHING,
        ),
        (refuse(500, "api_error"), "transient", "api_error", None),
        (Raw(502, b"<html>Bad Gateway</html>"), "transient", "http_502", None),
        (Raw(503, b""), "overloaded", "http_503", NOTHING),
        (refuse(504, "timeout_error"), "transient", "timeout_error", None),
        (refuse(529, "overloaded_error"), "overloaded", "overloaded_error", NOTHING),
        (event("overloaded_error"), "overloaded", "overloaded_error", None),
        (event("rate_limit_error"), "rate_limited", "rate_limit_error", None),
        (event("api_error"), "transient", "api_error", None),
        (Raw(200, b"<html>Log in</html>"), "transient", RefusalCode.NO_ANSWER, None),
        (Raw(200, b"{}", "application/json"), "transient", RefusalCode.NO_ANSWER, None),
        (Raw(200, b"", "text/event-stream"), "transient", RefusalCode.NO_ANSWER, None),
        (
            Raw(200, b"data: {no json\n\n", "text/event-stream"),
            "transient",
            RefusalCode.NO_ANSWER,
            None,
        ),
        (
            Raw(200, b"data: \xff\xfe\n\n", "text/event-stream"),
            "transient",
            RefusalCode.NO_ANSWER,
            None,
        ),
        (Cut(), "transient", RefusalCode.CUT, None),
        (Cut(clean=True), "transient", RefusalCode.CUT, None),
        (Cut(after_chunks=None), "transient", RefusalCode.CUT, None),
        (Flood(50_000_000), "request", RefusalCode.OVERSIZED, None),
        (Redirect("http://127.0.0.1:9/v1/messages"), "request", "http_307", NOTHING),
    ],
)
def test_refusals(reply: Reply, kind: str, code: str | None, usage: Usage | None) -> None:
    refusal = ask(reply)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == kind
    assert code is None or refusal.code == code
    assert refusal.usage == usage
    assert refusal.message


@pytest.mark.parametrize("after_chunks", [None, 0, 2])
def test_a_silence_is_a_stall(after_chunks: int | None) -> None:
    refusal = ask(Stall(after_chunks), LIMITS)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.STALLED)
    assert refusal.usage is None


def test_pings_alone_are_no_answer() -> None:
    refusal = ask(Stall(ping_every=0.02), replace(PATIENT, total=0.3))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.TOO_LONG)


def test_a_model_that_declines_has_cost_something() -> None:
    refusal = ask(Decline("I cannot"))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, "refusal")
    assert refusal.usage is not None
    assert refusal.usage.input_tokens > 0


def test_nothing_is_tried_twice() -> None:
    with LoopbackServer([refuse(529, "overloaded_error"), Say("# Second")]) as server:
        model_at(server.base_url(Wire.ANTHROPIC)).complete(REQUEST, SECRET)
        assert len(server.exchanges) == 1
        server_headers = {"x-should-retry": "true", "retry-after-ms": "1"}
    with LoopbackServer([Refuse(500, "api_error", "No.", server_headers), Say("# 2")]) as server:
        model_at(server.base_url(Wire.ANTHROPIC)).complete(REQUEST, SECRET)
        assert len(server.exchanges) == 1


LIMIT_HEADERS = {
    "retry-after": "7",
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2020-01-01T00:00:00Z",
}
LIMITS_TOLD = (Limit(LimitScope.REQUESTS, 50, 0, 0.0),)


@pytest.mark.parametrize(
    "reply",
    [
        Say("# Fine", limits=LIMIT_HEADERS),
        Refuse(429, "rate_limit_error", "Too many.", LIMIT_HEADERS),
        Raw(200, b"data: {no json\n\n", "text/event-stream", LIMIT_HEADERS),
    ],
)
def test_limits_are_told_with_answers_and_refusals_alike(reply: Reply) -> None:
    hint = ask(reply).hint
    assert (hint.retry_after, hint.limits) == (7.0, LIMITS_TOLD)


def test_the_sentence_about_a_request_is_the_providers_without_the_key_and_cut() -> None:
    quote = f"model: no \x1b[31mmodel for {SECRET} " + "x" * 400
    refusal = ask(refuse(404, "not_found_error", quote))
    assert isinstance(refusal, Refusal)
    assert "for *** x" in refusal.message
    assert SECRET not in refusal.message
    assert "\x1b" not in refusal.message
    assert len(refusal.message) < 350


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 503])
def test_the_sentence_about_a_key_is_our_own(status: int) -> None:
    quote = f"invalid x-api-key {SECRET}, that is {SECRET[:14]}...{SECRET[-4:]}"
    refusal = ask(refuse(status, "some_error", quote))
    assert isinstance(refusal, Refusal)
    assert SECRET[:14] not in repr(refusal)
    assert SECRET[-4:] not in repr(refusal)
    assert f"HTTP {status}" in refusal.message


@pytest.mark.parametrize("secret", ["sk-ant\nInjected: yes", "sk-ant-api03-\x00"])
def test_a_key_that_no_header_can_hold_is_refused(secret: str) -> None:
    with LoopbackServer([]) as server:
        refusal = model_at(server.base_url(Wire.ANTHROPIC)).complete(REQUEST, secret)
        assert server.exchanges == ()
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.CREDENTIAL
    assert secret not in repr(refusal)


@pytest.mark.parametrize(
    ("base_url", "kind", "code"),
    [
        ("http://127.0.0.1:{port}", RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE),
        ("http://127.0.0.1:0", RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE),
        ("ftp://127.0.0.1", RefusalKind.REQUEST, RefusalCode.UNREACHABLE),
        ("http://[::", RefusalKind.REQUEST, RefusalCode.UNREACHABLE),
    ],
)
def test_no_connection_costs_nothing(base_url: str, kind: RefusalKind, code: str) -> None:
    with LoopbackServer([]) as server:
        port = server.port  # nobody listens there any more
    refusal = model_at(base_url.format(port=port)).complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code, refusal.usage) == (kind, code, NOTHING)
    assert SECRET not in refusal.message


def test_a_server_without_tls_is_no_https_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_plainly, args=(server,))
        thread.start()
        refusal = model_at(f"https://127.0.0.1:{server.getsockname()[1]}").complete(REQUEST, SECRET)
        thread.join()
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.TLS)
    assert refusal.usage == NOTHING


def _answer_plainly(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)  # all of the greeting: what is left unread resets
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("all_proxy", "nonsense://127.0.0.1:9"), ("SSL_CERT_FILE", "/nonexistent/ca.pem")],
)
def test_settings_of_the_network_that_cannot_be_used(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    refusal = model_at("https://127.0.0.1:9").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.usage == NOTHING


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what it was sent, whole, and declines."""

    seen: list[tuple[str, dict[str, str], Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, body))
        self.send_response(400)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def recording() -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    seen: list[tuple[str, dict[str, str], Any]] = []
    handler = type("Handler", (Recorder,), {"seen": seen})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


def test_the_request() -> None:
    with recording() as (url, seen):
        model_at(url).complete(REQUEST, SECRET)
    [(path, headers, body)] = seen
    prompt = join(REQUEST)
    assert path == "/v1/messages"
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert "x-api-key" not in headers
    assert headers["anthropic-version"] >= "2023-06-01"
    assert headers["x-stainless-retry-count"] == "0"
    assert body == {
        "model": "claude-test",
        "max_tokens": 512,
        "stream": True,
        "system": [{"type": "text", "text": prompt.system}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": prompt.stable,
                        "cache_control": {"type": "ephemeral"},
                    },
                    {"type": "text", "text": prompt.fresh},
                ],
            }
        ],
    }


def test_limits_that_look_like_the_sdks_own_default_count() -> None:
    with recording() as (url, seen):
        model_at(url, TimeLimits(connect=5.0, idle=5.0, total=60.0)).complete(REQUEST, SECRET)
    [(_, headers, _)] = seen
    assert headers["x-stainless-read-timeout"] == "5.0"


def test_a_request_without_a_stable_part_has_no_empty_block() -> None:
    with recording() as (url, seen):
        model_at(url).complete(Request(RequestKind.DRAFT_LLD), SECRET)
    [(_, _, body)] = seen
    [block] = body["messages"][0]["content"]
    assert block["text"] == join(Request(RequestKind.DRAFT_LLD)).fresh
    assert "cache_control" not in block


FOREIGN = "sk-foreign"


@pytest.fixture
def foreign_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything from which the SDK would take a key, a header or a URL by itself."""
    profile = {
        "version": "1.0",
        "base_url": "http://127.0.0.1:9",
        "organization_id": FOREIGN,
        "workspace_id": FOREIGN,
        "authentication": {"type": "user_oauth", "client_id": FOREIGN},
    }
    token = {"version": "1.0", "type": "oauth_token", "access_token": FOREIGN}
    for folder in (tmp_path / "anthropic", tmp_path / ".config" / "anthropic"):
        for name, content in (("configs", profile), ("credentials", token)):
            (folder / name).mkdir(parents=True)
            file = folder / name / "default.json"
            file.write_text(json.dumps(content))
            file.chmod(0o600)
        (folder / "active_config").write_text("default")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "API_KEY",
        "AUTH_TOKEN",
        "IDENTITY_TOKEN",
        "FEDERATION_RULE_ID",
        "ORGANIZATION_ID",
        "WORKSPACE_ID",
    ):
        monkeypatch.setenv(f"ANTHROPIC_{name}", FOREIGN)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path / "anthropic"))
    monkeypatch.setenv("ANTHROPIC_PROFILE", "default")
    headers = "Authorization: Bearer {0}\nX-Api-Key: {0}\nX-Mine: {0}\nanthropic-version: {0}"
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", headers.format(FOREIGN))
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY", "true")


@pytest.mark.usefixtures("foreign_settings")
def test_the_sdk_takes_nothing_from_environment_or_home() -> None:
    span = trace.NonRecordingSpan(trace.SpanContext(1, 1, False, trace.TraceFlags(1)))
    with recording() as (url, seen), trace.use_span(span):
        model_at(url).complete(REQUEST, SECRET)
    [(_, headers, body)] = seen
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert FOREIGN not in repr((headers, body))
    assert "traceparent" not in headers


@pytest.mark.usefixtures("foreign_settings")
@pytest.mark.parametrize("unset", [(), ("API_KEY",), ("API_KEY", "AUTH_TOKEN")])
def test_without_a_secret_no_key_is_sent(
    unset: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in unset:  # each uncovers what the SDK would try next
        monkeypatch.delenv(f"ANTHROPIC_{name}")
    with recording() as (url, seen):
        model_at(url).complete(REQUEST, None)
    [(_, headers, body)] = seen
    assert "authorization" not in headers
    assert FOREIGN not in repr((headers, body))


@pytest.mark.usefixtures("foreign_settings")
def test_without_a_base_url_the_call_goes_to_anthropic(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):  # so that nothing leaves this machine
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    hosts: list[str] = []
    sends = anthropic.Anthropic._build_request

    def build_request(client: anthropic.Anthropic, *args: Any, **named: Any) -> Any:
        request = sends(client, *args, **named)
        hosts.append(str(request.url))
        return request

    monkeypatch.setattr(anthropic.Anthropic, "_build_request", build_request)
    settings = ModelSettings("anthropic/claude-test", time_limits=LIMITS)
    refusal = AnthropicModel(settings).complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.code == RefusalCode.UNREACHABLE
    assert hosts == ["https://api.anthropic.com/v1/messages"]


def test_a_missing_package_is_named_with_its_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    refusal = model_at("http://127.0.0.1:9").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.MISSING_PACKAGE)
    assert "pip install 'anthropic>=2,<3'" in refusal.message
    assert refusal.usage == NOTHING


def test_another_major_version_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic, "__version__", "0.125.0")
    refusal = model_at("http://127.0.0.1:9").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.code == RefusalCode.MISSING_PACKAGE
    assert "0.125.0" in refusal.message


def test_the_bound_is_of_input_and_output_and_the_price_knows_what_a_cache_costs() -> None:
    model = model_at("http://127.0.0.1:9")
    bound = model.bound(REQUEST)
    assert bound == Usage(bound.input_tokens, 512)
    assert PROVIDER.writes_cache
    assert bound.input_tokens > len(join(REQUEST).whole)


def test_the_provider() -> None:
    model = PROVIDER.build(ModelSettings("anthropic/claude-test"), {})
    assert (model.name, model.provider) == ("anthropic/claude-test", "anthropic")
    assert (PROVIDER.name, PROVIDER.module) == ("anthropic", "anthropic")
    assert PROVIDER.needs_key
    for name in ("anthropic", "anthropic/"):
        with pytest.raises(ConfigError, match="names no model"):
            PROVIDER.build(ModelSettings(name), {})


def test_to_import_the_adapter_imports_no_sdk() -> None:
    program = (
        "import sys, agentos.models.anthropic;"
        "print([m for m in ('anthropic', 'httpx2', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
