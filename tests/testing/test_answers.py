"""Whole answers, as the vendors' SDKs read them."""

import http.client
import json
from typing import Any

import anthropic
import openai
import pytest

from agentos.core.calls import Limit, LimitScope, Usage
from agentos.testing import Asked, Decline, End, LoopbackServer, Say, Wire, limit_headers
from agentos.testing.performance import estimated_tokens, split

TEXT = "# Título\n\nA line\u2028with a separator, and \N{GRINNING FACE} at its end.\n"


def test_sdk_reads_text_and_usage(wire: Wire, ask: Any) -> None:
    said = Say(TEXT, input_tokens=100, output_tokens=40, cached_tokens=30, reasoning_tokens=7)
    with LoopbackServer([said]) as server:
        heard = ask(server, wire)
        assert heard.text == TEXT
        assert heard.finish.lower() in {"end_turn", "stop"}
        assert heard.usage == server.billed == Usage(100, 40, 30)
        assert heard.reasoning_tokens == 7
        assert [exchange.end for exchange in server.exchanges] == [End.ANSWERED]


def test_cache_writes_are_part_of_the_input(ask: Any) -> None:
    with LoopbackServer(lambda _: Say(TEXT, 100, 40, 30, cache_write_tokens=20)) as server:
        for wire in (Wire.ANTHROPIC, Wire.OPENAI):  # Gemini does not tell
            assert ask(server, wire).usage == Usage(100, 40, 30, 20)


def test_estimated_input_is_never_less_than_what_is_cached(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say(TEXT, cached_tokens=5000)]) as server:
        assert ask(server, wire).usage == server.billed
        assert server.billed.input_tokens == 5000


def test_tokens_not_given_are_estimated_from_bytes(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say(TEXT)]) as server:
        heard = ask(server, wire)
        asked = server.exchanges[0].asked
        assert heard.usage == server.billed
        assert heard.usage.input_tokens == estimated_tokens(asked.prompt)
        assert heard.usage.output_tokens == -(-len(TEXT.encode()) // 4)


def test_script_sees_what_was_asked(wire: Wire, ask: Any) -> None:
    seen: list[Asked] = []

    def script(asked: Asked) -> Say:
        seen.append(asked)
        return Say(TEXT)

    with LoopbackServer(script) as server:
        ask(server, wire, max_tokens=123)
        ask(server, wire)
        assert seen == [exchange.asked for exchange in server.exchanges]
    first = seen[0]
    assert [asked.number for asked in seen] == [1, 2]
    assert (first.wire, first.model, first.max_output_tokens) == (wire, "some-model", 123)
    assert "You are brief." in first.prompt
    assert "What is a test?" in first.prompt
    assert first.secret == "key-of-a-test"
    assert first.headers["content-type"] == "application/json"
    assert "key-of-a-test" not in repr(first)


def test_scripted_truncation(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say(TEXT, truncated=True)]) as server:
        assert ask(server, wire).finish.lower() in {"max_tokens", "length"}


def test_text_ends_at_the_output_limit(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say("\N{GRINNING FACE}" * 50)]) as server:
        heard = ask(server, wire, max_tokens=10)
        assert heard.text == "\N{GRINNING FACE}" * 10
        assert heard.finish.lower() in {"max_tokens", "length"}
        assert server.billed.output_tokens == 10


@pytest.mark.parametrize("text", ["", "I would rather"])
def test_model_declines(wire: Wire, ask: Any, text: str) -> None:
    with LoopbackServer([Decline(text)]) as server:
        heard = ask(server, wire)
        assert heard.text == text
        assert heard.finish.lower() in {
            "refusal",
            "content_filter",
            "safety" if text else "prohibited_content",
        }
        assert server.exchanges[0].end is End.ANSWERED


def test_empty_answer(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say("")]) as server:
        assert ask(server, wire).text == ""
        assert server.billed.output_tokens == 0


def test_headers_of_an_answer() -> None:
    limits = (Limit(LimitScope.REQUESTS, 50, 49, 360.0),)

    def script(asked: Asked) -> Say:
        return Say(TEXT, limits=limit_headers(asked.wire, limits))

    messages: list[Any] = [{"role": "user", "content": "?"}]
    with LoopbackServer(script) as server:
        with (
            anthropic.Anthropic(base_url=server.base_url("anthropic"), api_key="k") as client,
            client.messages.with_streaming_response.create(
                model="m", max_tokens=9, messages=messages, stream=True
            ) as response,
        ):
            assert response.headers["request-id"] == "req_loopback_1"
            assert response.headers["anthropic-ratelimit-requests-remaining"] == "49"
        with (
            openai.OpenAI(base_url=server.base_url("openai"), api_key="k") as other,
            other.chat.completions.with_streaming_response.create(
                model="m", messages=messages, stream=True
            ) as answer,
        ):
            assert answer.headers["x-request-id"] == "req_loopback_2"
            assert answer.headers["x-ratelimit-reset-requests"] == "6m0s"


def test_openai_tells_usage_only_when_asked() -> None:
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "part"}]}]
    with (
        LoopbackServer([Say(TEXT)]) as server,
        openai.OpenAI(base_url=server.base_url("openai"), api_key="k", max_retries=0) as client,
        client.chat.completions.create(
            model="m", max_tokens=77, messages=messages, stream=True
        ) as chunks,
    ):
        assert all(chunk.usage is None and chunk.choices for chunk in chunks)
        assert server.exchanges[0].asked.prompt == "part"
        assert server.exchanges[0].asked.max_output_tokens == 77


def test_anthropic_events_on_the_wire() -> None:
    with LoopbackServer([Say("abcd", chunks=2)]) as server:
        body = {"model": "m", "max_tokens": 9, "messages": [], "stream": True}
        headers = {"anthropic-version": "2026-10-21", "x-api-key": "old style"}
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/v1/messages", json.dumps(body), headers)
        lines = connection.getresponse().read().decode().split("\n\n")
        connection.close()
        assert server.exchanges[0].asked.secret == "old style"
    assert lines[-1] == ""
    events = [line.split("\n") for line in lines[:-1]]
    names = [name.removeprefix("event: ") for name, _ in events]
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert [json.loads(data.removeprefix("data: "))["type"] for _, data in events] == names


def test_one_connection_serves_many_requests() -> None:
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": "?"}]}]})
    path = "/v1beta/models/some-model:streamGenerateContent?alt=sse&key=in-the-url"
    with LoopbackServer(lambda asked: Say(str(asked.number))) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for number in (1, 2, 3):
            connection.request("POST", path, body)
            answer = connection.getresponse().read()
            assert json.dumps({"text": str(number)}).encode() in answer
            assert answer.endswith(b"\r\n\r\n")
        connection.close()
        assert {exchange.asked.secret for exchange in server.exchanges} == {"in-the-url"}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_pieces_are_the_text(count: int) -> None:
    pieces = split(TEXT, count)
    assert "".join(pieces) == TEXT
    assert len(pieces) == min(count, len(TEXT))
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1


def test_no_text_has_no_pieces() -> None:
    assert split("", 4) == []
