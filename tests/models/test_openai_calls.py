import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import openai
import pytest

from agentos.core.calls import (
    Answer,
    Refusal,
    RefusalCode,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
)
from agentos.core.errors import ConfigError
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.openai import PROVIDER, OpenAIModel
from agentos.models.prompt import join
from agentos.testing import Cut, LoopbackServer, Refuse, Reply, Say, Wire

SECRET = "sk-proj-AbCdEfGh/+ijklmnop"
PATIENT = TimeLimits(connect=30.0, idle=30.0, total=60.0)
REQUEST = Request(RequestKind.DRAFT_LLD, template="# Template", source="Lend books.")
WHOLE = (
    b'data: {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]}\n\n'
)


def model_at(base_url: str | None, limits: TimeLimits = PATIENT, **options: str) -> OpenAIModel:
    return OpenAIModel(
        ModelSettings(
            "openai/gpt-test",
            base_url=base_url,
            max_output_tokens=512,
            time_limits=limits,
            options=options,
        )
    )


class _Handler(http.server.BaseHTTPRequestHandler):
    server: "Recorder"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.asked = json.loads(self.rfile.read(length))
        self.server.asked_path = self.path
        self.server.asked_headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        if self.server.length is not None:
            self.send_header("content-length", str(self.server.length))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


class Recorder(http.server.ThreadingHTTPServer):
    """Keeps the last request as it came; its own answer is a small good one."""

    daemon_threads = True
    body = WHOLE + b"data: [DONE]\n\n"
    length: int | None = None  # what the header says, if it says anything
    asked: dict[str, Any]
    asked_path: str
    asked_headers: dict[str, str]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder(("127.0.0.1", 0), _Handler) as server:
        yield server


# --- what is sent ------------------------------------------------------------------------------


def test_the_request(recorder: Recorder) -> None:
    model_at(recorder.url).complete(REQUEST, SECRET)
    prompt = join(REQUEST)
    assert recorder.asked_path == "/v1/chat/completions"
    assert recorder.asked_headers["authorization"] == f"Bearer {SECRET}"
    assert recorder.asked == {
        "model": "gpt-test",
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": f"{prompt.stable}\n\n{prompt.fresh}"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 512,
    }


def test_the_sdk_has_the_time_limits_too(recorder: Recorder) -> None:
    """These are also the HTTP client's own, in which the SDK sees that nothing was set."""
    model_at(recorder.url, TimeLimits(connect=5.0, idle=5.0)).complete(REQUEST, SECRET)
    assert recorder.asked_headers["x-stainless-read-timeout"] == "5.0"


def test_a_prompt_with_half_a_character_can_be_sent(recorder: Recorder) -> None:
    request = replace(REQUEST, source="Lend \ud83d books.")
    assert isinstance(model_at(recorder.url).complete(request, None), Answer)
    assert "Lend \ufffd books." in recorder.asked["messages"][1]["content"]


def test_the_name_of_a_model_may_have_slashes(recorder: Recorder) -> None:
    settings = ModelSettings("openai/meta-llama/Llama-3:free", base_url=recorder.url)
    model = PROVIDER.build(settings, {})
    assert (model.name, model.provider) == (settings.name, "openai")
    answer = model.complete(REQUEST, None)
    assert isinstance(answer, Answer)
    assert answer.model == settings.name
    assert recorder.asked["model"] == "meta-llama/Llama-3:free"


def test_the_environment_decides_nothing(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OPENAI_API_KEY": "sk-of-the-environment",
        "OPENAI_ADMIN_KEY": "sk-of-the-environment",
        "OPENAI_ORG_ID": "org-of-the-environment",
        "OPENAI_PROJECT_ID": "proj-of-the-environment",
        "OPENAI_WEBHOOK_SECRET": "secret-of-the-environment",
        "OPENAI_BASE_URL": "http://of-the-environment.invalid/v1",
        "OPENAI_CUSTOM_HEADERS": "authorization: Bearer of-the-environment\nx-more: "
        "of-the-environment",
    }.items():
        monkeypatch.setenv(name, value)
    for secret, bearer in ((SECRET, SECRET), (None, "none")):
        assert isinstance(model_at(recorder.url).complete(REQUEST, secret), Answer)
        sent = recorder.asked_headers
        assert sent["authorization"] == f"Bearer {bearer}"
        assert "of-the-environment" not in str(sent)
        assert "openai-organization" not in sent
        assert "openai-project" not in sent


def test_without_a_base_url_it_is_openais_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy sees where the call goes; it goes no further."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://of-the-environment.invalid/v1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        asked: list[bytes] = []

        def answer() -> None:
            connection, _ = proxy.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        refusal = model_at(None).complete(REQUEST, SECRET)
        thread.join()
    assert asked[0].startswith(b"CONNECT api.openai.com:443 ")
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE)
    assert SECRET.encode() not in asked[0]


@pytest.mark.parametrize(
    "reply",
    [
        Refuse(529, "overloaded_error", "x"),
        Refuse(500, "", "x", {"x-should-retry": "true", "retry-after-ms": "1"}),
        Cut(1),
    ],
)
def test_nothing_is_tried_twice(reply: Reply) -> None:
    with LoopbackServer([reply, Say("# Second")]) as server:
        result = model_at(server.base_url(Wire.OPENAI)).complete(REQUEST, SECRET)
        assert isinstance(result, Refusal)
        assert len(server.exchanges) == 1


def test_the_bound_is_the_prompts_and_the_output_limit() -> None:
    most = model_at("http://127.0.0.1:9/v1").bound(REQUEST)
    assert most.input_tokens > len(join(REQUEST).whole)
    assert most.output_tokens == 512


# --- settings ----------------------------------------------------------------------------------


def field_told_to(model: OpenAIModel, recorder: Recorder) -> set[str]:
    model.complete(REQUEST, None)
    return recorder.asked.keys() & {"max_tokens", "max_completion_tokens"}


def test_the_field_of_the_output_limit(recorder: Recorder) -> None:
    assert field_told_to(model_at(recorder.url), recorder) == {"max_tokens"}
    for field in ("max_tokens", "max_completion_tokens"):
        model = model_at(recorder.url, output_limit_field=field)
        assert field_told_to(model, recorder) == {field}


@pytest.mark.parametrize(
    ("host", "field"),
    [
        ("api.openai.com", "max_completion_tokens"),
        ("eu.api.openai.com", "max_completion_tokens"),
        ("api.openai.com.example", "max_tokens"),
        ("myapi.openai.com", "max_tokens"),
    ],
)
def test_openais_own_hosts_know_the_new_field(
    host: str, field: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):  # so that the call ends here
        monkeypatch.setenv(name, recorder.url.removesuffix("/v1"))
    assert field_told_to(model_at(f"http://{host}/v1"), recorder) == {field}


def test_settings_that_are_wrong() -> None:
    with pytest.raises(ConfigError, match=r"output_limit_field .* 'max'") as caught:
        model_at(None, output_limit_field="max")
    assert "max_completion_tokens" in caught.value.hint
    with pytest.raises(ConfigError, match="names no model"):
        PROVIDER.build(ModelSettings("openai/"), {})
    with pytest.raises(ConfigError, match="base_url"):
        model_at("http://[::")


def test_what_the_provider_says_of_itself() -> None:
    assert PROVIDER.name == PROVIDER.module == "openai"
    assert PROVIDER.key_variable == "OPENAI_API_KEY"
    assert PROVIDER.base_url_variable == "OPENAI_BASE_URL"
    assert openai.__version__.split(".")[0] == "3"


def test_to_know_the_provider_imports_no_sdk() -> None:
    heavy = ("openai", "httpx2", "pydantic", "anyio")
    program = (
        "import sys, agentos.models.openai as a\n"
        "from agentos.core.model_settings import ModelSettings\n"
        "a.PROVIDER.build(ModelSettings('openai/x'), {})\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


# --- what goes wrong before or after an answer


def test_what_arrived_whole_counts_though_the_connection_breaks(
    recorder: Recorder,
) -> None:
    recorder.body, recorder.length = WHOLE, 1000
    result = model_at(recorder.url).complete(REQUEST, None)
    assert result == Answer("Hello", "openai/gpt-test", None)


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
        refusal = model_at(url).complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE)
    assert refusal.usage == Usage()
    assert "127.0.0.1" in refusal.message


def test_a_plain_port_does_not_speak_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)  # all of the greeting: what is left unread resets
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        refusal = model_at(url).complete(REQUEST, SECRET)
        thread.join()
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.TLS)
    assert refusal.usage == Usage()


def test_network_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    refusal = model_at("http://127.0.0.1:9/v1").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.REQUEST
    assert "SSL_CERT_FILE" in refusal.message


@pytest.mark.parametrize("secret", ["sk-two\nlines", "sk-\x00", "schlüssel"])
def test_a_key_that_no_header_can_hold(secret: str) -> None:
    with LoopbackServer([]) as server:
        refusal = model_at(server.base_url(Wire.OPENAI)).complete(REQUEST, secret)
        assert server.exchanges == ()
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.CREDENTIAL
    assert secret not in repr(refusal)


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    refusal = model_at("http://127.0.0.1:9/v1").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.MISSING_PACKAGE)
    assert "pip install 'openai>=3,<4'" in refusal.message


def test_a_package_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "__version__", "4.0.0")
    refusal = model_at("http://127.0.0.1:9/v1").complete(REQUEST, SECRET)
    assert isinstance(refusal, Refusal)
    assert refusal.code == RefusalCode.MISSING_PACKAGE
    assert "4.0.0" in refusal.message
