"""Calls that do not come to their end, and what is entered of them."""

import threading
from contextlib import suppress
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google.genai import errors

from agentos.core.calls import Usage
from agentos.testing import (
    Asked,
    Cut,
    End,
    ErrorEvent,
    Flood,
    LoopbackServer,
    Raw,
    Redirect,
    Reply,
    Say,
    Stall,
    Wire,
)

TIMEOUTS = (anthropic.APITimeoutError, openai.APITimeoutError, httpx2.TimeoutException)
SHORT = 0.3  # seconds that a client waits for what never comes
INPUT = 8  # tokens of the conftest's prompt


def only_end(server: LoopbackServer) -> End:
    assert server.wait_idle()
    (exchange,) = server.exchanges
    return exchange.end


@pytest.mark.parametrize("after_chunks", [None, 0, 2])
def test_stall_until_the_client_leaves(wire: Wire, ask: Any, after_chunks: int | None) -> None:
    with LoopbackServer([Stall(after_chunks, text="x" * 120)]) as server:
        with pytest.raises(TIMEOUTS):
            ask(server, wire, timeout=SHORT)
        assert only_end(server) is End.STALLED
        told = {None: Usage(), 0: Usage(INPUT), 2: Usage(INPUT, 20)}
        assert server.billed == told[after_chunks]


def test_pings_go_on_while_the_answer_stalls(wire: Wire, ask: Any) -> None:
    stall = Stall(1, ping_every=SHORT / 10)
    with LoopbackServer([stall]) as server:
        closing = threading.Timer(SHORT * 3, server.close)
        closing.start()
        # Were it silent, each of these SDKs would have timed out.
        with pytest.raises((anthropic.APIError, openai.APIError, httpx2.HTTPError)) as caught:
            ask(server, wire, timeout=SHORT * 2)
        assert not isinstance(caught.value, TIMEOUTS)
        closing.join()
        assert only_end(server) is End.STALLED


def test_client_that_gives_up_before_the_stream_pays_nothing(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say("y", first_delay=60)]) as server:
        with pytest.raises(TIMEOUTS):
            ask(server, wire, timeout=SHORT)
        assert only_end(server) is End.ABANDONED
        assert server.billed == Usage()


def test_client_that_leaves_pays_for_what_was_sent() -> None:
    slow = Say("x" * 400, input_tokens=9, output_tokens=100, chunks=100, delay=0.05)
    messages: list[Any] = [{"role": "user", "content": "?"}]
    with LoopbackServer([slow]) as server:
        with (
            openai.OpenAI(base_url=server.base_url("openai"), api_key="k") as client,
            client.chat.completions.create(model="m", messages=messages, stream=True) as chunks,
        ):
            assert any(chunk.choices[0].delta.content for chunk in chunks)
        assert only_end(server) is End.ABANDONED
        assert server.billed.input_tokens == 9
        assert 1 <= server.billed.output_tokens < 100


@pytest.mark.parametrize(
    ("cut", "billed"),
    [
        (Cut(None), Usage()),
        (Cut(0), Usage(INPUT)),
        (Cut(2, "x" * 120), Usage(INPUT, 20)),
    ],
)
def test_cut_connection(wire: Wire, ask: Any, cut: Cut, billed: Usage) -> None:
    with LoopbackServer([cut]) as server:
        with pytest.raises((anthropic.APIError, openai.APIError, httpx2.HTTPError)):
            ask(server, wire)
        assert only_end(server) is End.CUT
        assert server.billed == billed


def test_body_that_ends_well_before_the_answer_does(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Cut(1, "told and not", clean=True)]) as server:
        heard = ask(server, wire)
        assert heard.finish == ""
        assert "told and not".startswith(heard.text)
        assert only_end(server) is End.CUT


@pytest.mark.parametrize("after_chunks", [0, 1])
def test_error_event_inside_a_200(wire: Wire, ask: Any, after_chunks: int) -> None:
    codes = {Wire.ANTHROPIC: "overloaded_error", Wire.OPENAI: "busy", Wire.GEMINI: "UNAVAILABLE"}
    said = ErrorEvent(codes[wire], "Too much.", after_chunks, text="x" * 80)
    with LoopbackServer([said]) as server:
        with pytest.raises((anthropic.APIError, openai.APIError, errors.APIError)) as caught:
            ask(server, wire)
        assert codes[wire] in {
            Wire.ANTHROPIC: lambda error: error.body["error"]["type"],
            Wire.OPENAI: lambda error: error.code,
            Wire.GEMINI: lambda error: error.status,
        }[wire](caught.value)
        assert only_end(server) is End.REFUSED
        assert server.billed == Usage(INPUT, 10 * after_chunks)


@pytest.mark.parametrize(
    "reply",
    [
        Raw(502, b"<html>Bad gateway</html>"),
        Raw(500, b'{"error": ', "application/json"),
        Raw(503, b"", headers={"retry-after": "1"}),
    ],
)
def test_error_status_with_a_body_of_somebody_else(wire: Wire, ask: Any, reply: Raw) -> None:
    with LoopbackServer([reply]) as server:
        with pytest.raises((anthropic.APIError, openai.APIError, errors.APIError)) as caught:
            ask(server, wire)
        status = getattr(caught.value, "status_code", getattr(caught.value, "code", None))
        assert status == reply.status
        assert only_end(server) is End.REFUSED


@pytest.mark.parametrize(
    "reply", [Raw(200, b"<html>Sign in</html>"), Raw(200, b""), Flood(200_000)]
)
def test_200_that_is_no_answer(wire: Wire, ask: Any, reply: Reply) -> None:
    with LoopbackServer([reply]) as server:
        noticed = (anthropic.APIError, openai.APIError, errors.UnknownApiResponseError)
        with suppress(*noticed):  # or not; to find out is an adapter's task
            assert ask(server, wire).text == ""
        assert only_end(server) is End.ANSWERED
        assert server.billed == Usage()


def test_flood_has_its_size_and_no_newline() -> None:
    with LoopbackServer([Flood(200_000)]) as server:
        url = f"{server.base_url('openai')}/chat/completions"
        answer = httpx2.post(url, json={"model": "m", "messages": [], "stream": True})
    assert answer.status_code == 200
    assert answer.content == b"x" * 200_000


def test_redirect(wire: Wire, ask: Any) -> None:
    with LoopbackServer([Say("over here"), Say("unused")]) as target:

        def script(asked: Asked) -> Reply:
            path = {
                Wire.ANTHROPIC: "/v1/messages",
                Wire.OPENAI: "/chat/completions",
                Wire.GEMINI: "/v1/models/m:streamGenerateContent?alt=sse",
            }[asked.wire]
            return Redirect(target.base_url(asked.wire) + path)

        with LoopbackServer(script) as server:
            try:
                assert ask(server, wire).text == "over here"
            except errors.APIError as error:  # Google's SDK does not follow
                assert error.code == 307  # noqa: PT017 - both are fine
            assert only_end(server) is End.REFUSED


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (Stall(None), End.STALLED),
        (Stall(1), End.STALLED),
        (Say("never", first_delay=60), End.CUT),
        (Say("never", delay=60), End.CUT),
    ],
)
def test_closing_the_server_ends_every_call_at_once(
    wire: Wire, ask: Any, reply: Reply, end: End
) -> None:
    failed = threading.Event()

    def client() -> None:
        with pytest.raises((anthropic.APIError, openai.APIError, httpx2.HTTPError)):
            ask(server, wire, timeout=60)
        failed.set()

    with LoopbackServer([reply]) as server:
        thread = threading.Thread(target=client)
        thread.start()
        assert server.wait_until(lambda exchanges: len(exchanges) == 1)
        assert not server.wait_idle(timeout=0)
        server.close()
        assert [exchange.end for exchange in server.exchanges] == [end]
        thread.join(timeout=30)
        assert failed.is_set()
