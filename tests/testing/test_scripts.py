"""What decides the answers, and what never gets that far."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors

from agentos.testing import Asked, End, LoopbackServer, Reply, Say, ScriptExhausted, Wire, refusals

Json = Mapping[str, Any]
MESSAGES = [{"role": "user", "content": "?"}]
ASKED = {"model": "m", "messages": MESSAGES, "stream": True}
VERSION = {"anthropic-version": "2026-10-21"}


def post(
    server: LoopbackServer, path: str, body: object, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    data = body if isinstance(body, bytes) else json.dumps(body)
    connection.request("POST", path, data, dict(headers or {}))
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_replies_in_order_and_then_a_clear_error(wire: Wire, ask: Any) -> None:
    def play() -> None:
        with LoopbackServer([Say("one"), Say("two")]) as server:
            assert [ask(server, wire).text for _ in range(2)] == ["one", "two"]
            with pytest.raises(
                (anthropic.InternalServerError, openai.InternalServerError, errors.ServerError),
                match=r"The script failed: .* no reply",
            ):
                ask(server, wire)
            ends = [exchange.end for exchange in server.exchanges]
            assert ends == [End.ANSWERED, End.ANSWERED, End.REFUSED]

    with pytest.raises(ScriptExhausted, match="no reply for request 3, to some-model"):
        play()


def test_error_of_the_block_comes_before_that_of_the_script() -> None:
    def play() -> None:
        with LoopbackServer([]) as server:
            assert post(server, "/v1/chat/completions", ASKED)[0] == 500
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        play()


def test_first_error_of_a_script_is_the_one_that_is_raised() -> None:
    def script(asked: Asked) -> Reply:
        raise ValueError(f"at {asked.number}")

    def play() -> None:
        with LoopbackServer(script) as server:
            for _ in range(2):
                post(server, "/v1/chat/completions", ASKED)

    with pytest.raises(ValueError, match="at 1"):
        play()


def test_reply_that_this_wire_does_not_know_is_an_error_of_the_script(ask: Any) -> None:
    with (
        pytest.raises(LookupError, match="no form that gemini would send"),
        LoopbackServer([refusals.spend_limit()]) as server,
        pytest.raises(errors.ServerError),
    ):
        ask(server, Wire.GEMINI)


@pytest.mark.parametrize(
    ("path", "body", "headers", "said"),
    [
        ("/v1/messages", {"model": "m", "messages": [], "max_tokens": 1}, {}, "anthropic-version"),
        ("/v1/messages", {"model": "m", "messages": []}, VERSION, "max_tokens: Field required"),
        (
            "/v1/messages",
            {"model": "m", "messages": [], "max_tokens": True},
            VERSION,
            "max_tokens: Invalid type",
        ),
        (
            "/v1/messages",
            {"model": "m", "messages": [], "max_tokens": 1, "temperature": 1.0},
            VERSION,
            "temperature: Extra inputs are not permitted",
        ),
        ("/v1/chat/completions", {"messages": []}, {}, "model: Field required"),
        ("/v1/chat/completions", b"{", {}, "not valid JSON"),
        ("/v1/chat/completions", [], {}, "not an object"),
        ("/v1/models/m:streamGenerateContent?alt=sse", {}, {}, "contents: Field required"),
        ("/v1/models/m:streamGenerateContent", {"contents": []}, {}, "alt=sse"),
    ],
)
def test_malformed_requests_reach_neither_script_nor_ledger(
    path: str, body: object, headers: Mapping[str, str], said: str
) -> None:
    if isinstance(body, dict):
        body = {"stream": True, **body}
    with LoopbackServer([]) as server:
        status, answer = post(server, path, body, headers)
        assert status == 400
        assert said in answer["error"]["message"]
        assert server.exchanges == ()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_only_streams_are_served(path: str) -> None:
    body = {"model": "m", "messages": MESSAGES, "max_tokens": 1}
    with LoopbackServer([]) as server:
        status, answer = post(server, path, body, VERSION)
        assert status == 400
        assert "stream" in answer["error"]["message"]


def test_sampling_parameters_of_the_old_version() -> None:
    body = {"model": "m", "messages": MESSAGES, "max_tokens": 1, "top_p": 1, "stream": True}
    with LoopbackServer([refusals.bad_key()]) as server:
        assert post(server, "/v1/messages", body, {"anthropic-version": "2023-06-01"})[0] == 401


@pytest.mark.parametrize("path", ["/", "/v1/messages/count_tokens", "/v1/models/m:countTokens"])
def test_unknown_endpoints(path: str) -> None:
    with LoopbackServer([]) as server:
        assert post(server, path, {})[0] == 404
        assert server.exchanges == ()


def test_base_url_of_an_unknown_wire() -> None:
    with LoopbackServer([]) as server, pytest.raises(ValueError, match="smoke"):
        server.base_url("smoke")
