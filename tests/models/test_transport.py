import gzip
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import LimitHint, Refusal, RefusalCode, RefusalKind, Usage
from agentos.core.installation import install_command
from agentos.core.model_settings import TimeLimits
from agentos.models.key_echo import KeyEcho
from agentos.models.transport import (
    MAX_BODY,
    MAX_BYTES_PER_TOKEN,
    MAX_QUOTE,
    Unfit,
    broken,
    cut,
    guarded_client,
    kind_of_status,
    no_package,
    status_refusal,
)

QUICK = TimeLimits(connect=5.0, idle=0.3, total=30.0)
PATIENT = TimeLimits(connect=5.0, idle=30.0, total=30.0)
JSON = {"content-type": "application/json"}
SECRET = "sk-swordfish-0123456789"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    status = 200
    headers: Mapping[str, str] = JSON
    body = b"{}"
    silent = False
    stays = False
    asked: Mapping[str, str]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.left = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked = {name.lower(): value for name, value in self.headers.items()}
        if self.server.silent:
            self.rfile.read(1)  # until the client leaves
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
        except OSError:  # the client has heard enough
            self.close_connection = True
        if self.server.stays:
            with suppress(OSError):  # it may leave with a reset
                self.rfile.read(1)  # until the client leaves
            self.server.left.set()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def plain_port() -> Iterator[int]:
    """A port of HTTP alone, which answers what it cannot understand."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)  # all of the greeting: what is left unread resets
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def url(server: _Server, path: str = "/v1/chat") -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def get(address: str, limits: TimeLimits = PATIENT, **options: Any) -> Refusal:
    """The refusal for one request, which has to fail."""
    with pytest.raises(Exception) as caught, guarded_client(limits) as client:  # noqa: PT011 - any
        client.get(address, **options)
    return broken(caught.value, limits)


def test_a_fitting_response_comes_through_whole(server: _Server) -> None:
    server.body = b'{"a": "' + b"x" * 500_000 + b'"}'
    server.headers = JSON | {"content-length": str(len(server.body))}
    with guarded_client(PATIENT) as client:
        response = client.get(url(server))
    assert response.content == server.body
    assert server.asked["accept-encoding"] == "identity"


def test_a_response_that_is_let_go_ends_its_connection(server: _Server) -> None:
    server.stays = True
    with guarded_client(PATIENT) as client:
        with client.stream("GET", url(server)):
            pass
        assert server.left.wait(10)


def test_the_client_has_the_limits_for_its_timeouts() -> None:
    with guarded_client(TimeLimits(connect=1, idle=2, total=3)) as client:
        assert client.timeout == httpx2.Timeout(2, connect=1)


def test_a_body_beyond_all_answers_is_refused_for_good(server: _Server) -> None:
    server.body = b"x" * (MAX_BODY + 1)
    refusal = get(url(server))
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.OVERSIZED)
    assert refusal.usage is None


def test_a_body_of_just_the_size_is_read(server: _Server) -> None:
    server.body = b"x" * MAX_BODY
    with guarded_client(PATIENT) as client:
        assert len(client.get(url(server)).content) == MAX_BODY


def test_who_may_say_more_may_send_more(server: _Server) -> None:
    tokens = MAX_BODY // MAX_BYTES_PER_TOKEN + 1
    server.body = b"x" * (tokens * MAX_BYTES_PER_TOKEN)
    with guarded_client(PATIENT, max_output_tokens=tokens) as client:
        assert len(client.get(url(server)).content) > MAX_BODY
    server.body += b"x"
    with (
        pytest.raises(Unfit) as caught,
        guarded_client(PATIENT, max_output_tokens=tokens) as client,
    ):
        client.get(url(server))
    assert caught.value.refusal.code == RefusalCode.OVERSIZED


def test_the_total_limit_runs_from_the_opening_of_the_client(server: _Server) -> None:
    now = 100.0
    limits = TimeLimits(total=30.0)
    with guarded_client(limits, clock=lambda: now) as client:
        now = 130.0
        assert client.get(url(server)).content == b"{}"
        now = 130.5
        with pytest.raises(Unfit) as caught:
            client.get(url(server))
    refusal = broken(caught.value, limits)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.TOO_LONG)
    assert "30 s" in refusal.message
    assert refusal.usage is None


def test_a_page_is_no_answer(server: _Server) -> None:
    server.headers = {"content-type": "Text/HTML; charset=utf-8"}
    refusal = get(url(server))
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.NO_ANSWER)
    assert "text/html" in refusal.message
    assert "127.0.0.1" in refusal.message


@pytest.mark.parametrize("kind", [None, "", "application/json", "TEXT/event-stream;x=y"])
def test_other_types_pass(server: _Server, kind: str | None) -> None:
    server.headers = {} if kind is None else {"content-type": kind}
    with guarded_client(PATIENT) as client:
        assert client.get(url(server)).content == b"{}"


def test_a_page_with_an_error_status_is_left_to_the_status(server: _Server) -> None:
    server.status, server.headers = 502, {"content-type": "text/html"}
    with guarded_client(PATIENT) as client:
        assert client.get(url(server)).status_code == 502


def test_a_compressed_body_is_not_unpacked(server: _Server) -> None:
    server.headers = JSON | {"content-encoding": "gzip"}
    server.body = gzip.compress(b"x" * 50_000_000)
    assert len(server.body) < MAX_BODY
    refusal = get(url(server))
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.NO_ANSWER)
    assert "compressed" in refusal.message


def test_a_compressed_error_is_left_to_its_status(server: _Server) -> None:
    server.status = 401
    server.headers = JSON | {"content-encoding": "gzip"}
    server.body = gzip.compress(b"x" * 50_000_000)
    with guarded_client(PATIENT) as client:
        response = client.get(url(server))
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://elsewhere.example/v2/chat?key=hidden", "elsewhere.example/v2/chat,"),
        ("/v2/chat#hidden", "127.0.0.1/v2/chat,"),
        ("http://user:hidden@elsewhere.example/", "elsewhere.example/,"),
        ("http://elsewhere.example:hidden/", "another place,"),
    ],
)
def test_a_redirect_is_not_followed(server: _Server, location: str, named: str) -> None:
    server.status, server.headers = 307, {"location": location}
    refusal = get(url(server), follow_redirects=True)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, "http_307")
    assert f"redirects to {named}" in refusal.message
    assert "hidden" not in refusal.message
    assert refusal.usage == Usage()


def test_a_silence_is_a_stall(server: _Server) -> None:
    server.silent = True
    refusal = get(url(server), QUICK)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.STALLED)
    assert refusal.message.startswith("127.0.0.1 was silent for 0.3 s")
    assert refusal.usage is None


def test_a_short_body_is_cut(server: _Server) -> None:
    server.headers = JSON | {"content-length": "1000"}
    refusal = get(url(server))
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.CUT)
    assert refusal.usage is None


def test_nobody_listens(unused_port: int) -> None:
    refusal = get(f"http://127.0.0.1:{unused_port}/")
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE)
    assert refusal.usage == Usage()


def test_an_unknown_host() -> None:
    refusal = get("http://host.invalid/")
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.UNREACHABLE)
    assert "host.invalid" in refusal.message


def test_a_plain_port_does_not_speak_tls(plain_port: int) -> None:
    refusal = get(f"https://127.0.0.1:{plain_port}/")
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.TLS)
    assert "127.0.0.1" in refusal.message
    assert refusal.usage == Usage()


def test_a_connection_that_ends_under_tls_is_no_fault_of_the_certificate() -> None:
    at_the_start, later = httpx2.ConnectError("no"), httpx2.ReadError("no")
    at_the_start.__cause__ = later.__cause__ = ssl.SSLEOFError()
    assert broken(at_the_start, QUICK).code == RefusalCode.UNREACHABLE
    assert broken(later, QUICK).code == RefusalCode.CUT


@pytest.mark.parametrize("address", ["127.0.0.1:80/v1", "models", "ftp://127.0.0.1/"])
def test_an_address_that_is_none(address: str) -> None:
    refusal = get(address)
    assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, RefusalCode.UNREACHABLE)
    assert "base_url" in refusal.message


@pytest.mark.parametrize("secret", ["two\nlines", "schlüssel-€"])
def test_a_key_that_no_header_can_hold(server: _Server, secret: str) -> None:
    refusal = get(url(server), headers={"authorization": f"Bearer {secret}"})
    assert refusal.kind is RefusalKind.CREDENTIAL
    assert secret not in refusal.message
    assert refusal.usage == Usage()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "nonsense://127.0.0.1:1"), ("SSL_CERT_FILE", "/nonexistent/ca.pem")],
)
def test_network_settings_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, unused_port: int, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    refusal = get(f"http://127.0.0.1:{unused_port}/")
    assert refusal.kind is RefusalKind.REQUEST
    assert variable in refusal.message


def test_a_proxy_of_the_environment_counts(
    monkeypatch: pytest.MonkeyPatch, server: _Server
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, url(server, ""))
    with guarded_client(PATIENT) as client:
        assert client.get("http://models.example/").content == b"{}"
    assert server.asked["host"] == "models.example"


def test_what_an_sdk_stumbles_over_is_no_answer() -> None:
    refusal = broken(ValueError("Expecting value: <html>"), QUICK)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.NO_ANSWER)
    assert "ValueError" in refusal.message
    assert "<html>" not in refusal.message


def wrapped(inner: Exception, *, how: str = "from") -> Exception:
    """An SDK's error that was raised while `inner` was handled."""
    outer = RuntimeError("of an SDK")
    outer.__context__ = inner
    if how == "from":
        outer.__cause__ = inner
    outer.__suppress_context__ = how != "context"
    return outer


@pytest.mark.parametrize("how", ["from", "context", "from None"])
def test_the_cause_is_found_under_an_sdks_own_errors(how: str) -> None:
    assert broken(wrapped(httpx2.ReadError("x"), how=how), QUICK).code == RefusalCode.CUT


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError(), ValueError()
    one.__cause__, two.__cause__ = two, one
    assert broken(one, QUICK).code == RefusalCode.NO_ANSWER


def test_a_verdict_of_the_guard_is_handed_on() -> None:
    unfit = Unfit(cut("The text"))
    assert str(unfit) == unfit.refusal.message
    assert broken(wrapped(unfit), QUICK) is unfit.refusal


@pytest.mark.parametrize(
    ("statuses", "kind", "usage"),
    [
        ((401, 403), RefusalKind.CREDENTIAL, Usage()),
        ((402,), RefusalKind.ACCOUNT, Usage()),
        ((429,), RefusalKind.RATE_LIMITED, Usage()),
        ((503, 529), RefusalKind.OVERLOADED, Usage()),
        ((408, 409), RefusalKind.TRANSIENT, Usage()),
        ((500, 502, 504, 520), RefusalKind.TRANSIENT, None),
        ((400, 404, 405, 413, 422), RefusalKind.REQUEST, Usage()),
    ],
)
def test_what_a_status_means(
    statuses: tuple[int, ...], kind: RefusalKind, usage: Usage | None
) -> None:
    for status in statuses:
        assert kind_of_status(status) is kind
        refusal = status_refusal(status)
        assert (refusal.kind, refusal.usage) == (kind, usage)
        assert refusal.code == f"http_{status}"
        assert refusal.message.startswith(f"HTTP {status}: ")


def test_only_of_a_request_the_provider_itself_is_quoted() -> None:
    for status in (401, 402, 403, 429, 500, 503):
        refusal = status_refusal(status, code="some_code", sentence="begins with sk-sw")
        assert refusal.code == "some_code"
        assert "(some_code)" in refusal.message
        assert "sk-sw" not in refusal.message
    refusal = status_refusal(400, sentence="too\n long\x1b[2J")
    assert refusal.message == "HTTP 400: too long\\x1b[2J"


def test_what_the_code_says_counts_more_than_the_status() -> None:
    hint = LimitHint(retry_after=3.0)
    refusal = status_refusal(429, code="insufficient_quota", kind=RefusalKind.ACCOUNT, hint=hint)
    assert refusal.kind is RefusalKind.ACCOUNT
    assert "credit" in refusal.message
    assert refusal.retry_after == 3.0


def test_the_cost_of_an_answer_that_had_begun_is_not_known() -> None:
    refusal = status_refusal(429, begun=True)
    assert refusal.usage is None
    assert refusal.code == RefusalCode.CUT
    assert "HTTP" not in refusal.message


@given(st.text(), st.text())
def test_a_quote_is_short_and_holds_no_secret(before: str, after: str) -> None:
    message = status_refusal(400, sentence=f"{before}{SECRET}{after}", secret=SECRET).message
    assert SECRET not in message
    assert len(message) <= len("HTTP 400: ") + MAX_QUOTE
    assert message.isprintable() or not before.isprintable() or not after.isprintable()
    assert SECRET not in status_refusal(400, code=SECRET, secret=SECRET).code


def test_a_package_that_is_missing_or_does_not_fit() -> None:
    missing, old = no_package("openai", "openai>=3,<4"), no_package("openai", "x", "2.1")
    assert missing.code == old.code == RefusalCode.MISSING_PACKAGE
    command = install_command("openai>=3,<4")
    assert missing.message.endswith(f"is not installed; run: {command}")
    assert "2.1" in old.message


@pytest.mark.parametrize(
    "drop",
    [b"X-Slow: yes\r\n", b"x", b"HTTP/1.1 103 Early Hints\r\n\r\n"],
    ids=["a header at a time", "a byte at a time", "hints without an end"],
)
def test_the_total_limit_holds_before_there_is_a_body(drop: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = threading.Event()

        def trickle() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                if not drop.startswith(b"HTTP"):
                    connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not left.wait(0.05):
                    connection.sendall(drop)

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        refusal = get(address, TimeLimits(connect=30.0, idle=30.0, total=0.5))
        left.set()
        thread.join(30)
    assert (refusal.kind, refusal.code) == (RefusalKind.TRANSIENT, RefusalCode.TOO_LONG)
    assert refusal.usage is None


def test_a_connection_that_comes_about_too_late_is_hung_up(server: _Server) -> None:
    from agentos.models.response_guard import Guard

    guard = Guard(PATIENT, 100, Unfit, lambda: 0.0, KeyEcho(None))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        guard._hang_up()
        stream = SimpleNamespace(get_extra_info={"socket": ours}.get)
        guard._traced("connection.connect_tcp.complete", {"return_value": stream})
        assert theirs.recv(1) == b""


def test_a_byte_that_is_no_text_does_not_lose_the_rest(server: _Server) -> None:
    server.body = b'{"a": "' + b"\xff" + 'Größe"}'.encode() + b"\xc3"
    with guarded_client(PATIENT) as client, client.stream("GET", url(server)) as response:
        assert b"".join(response.iter_bytes(1)).decode() == '{"a": "\ufffdGröße"}\ufffd'


@pytest.mark.parametrize("status", [200, 401])
def test_what_a_server_echoes_of_the_key_nobody_reads(server: _Server, status: int) -> None:
    server.status = status
    server.headers = JSON | {"x-echo": f"Bearer {SECRET}", "retry-after": SECRET[3:14]}
    server.body = f'{{"error": {{"message": "not {SECRET} nor {SECRET[:12]}"}}}}'.encode()
    with guarded_client(PATIENT, secret=SECRET) as client:
        response = client.get(url(server))
    assert response.json() == {"error": {"message": "not *** nor ***"}}
    assert response.headers["x-echo"] == "Bearer ***"
    assert response.headers["retry-after"] == "***"


def test_nor_where_it_would_send_the_key(server: _Server) -> None:
    server.status = 307
    server.headers = {"location": f"http://127.0.0.1:9/{SECRET[:12]}/v1?key={SECRET}"}
    with guarded_client(PATIENT, secret=SECRET) as client, pytest.raises(Unfit) as caught:
        client.get(url(server))
    assert "127.0.0.1/***/v1" in str(caught.value)
