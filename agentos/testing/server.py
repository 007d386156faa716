"""A model provider on this machine, for tests: it says what its script tells it to."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from agentos.core.calls import Usage
from agentos.testing.anthropic_format import AnthropicFormat
from agentos.testing.client import Client, Departed
from agentos.testing.exchanges import Asked, End, Exchange, Wire
from agentos.testing.gemini_format import GeminiFormat
from agentos.testing.ledger import Ledger
from agentos.testing.listener import HOST, Listener, Post
from agentos.testing.openai_format import OpenAIFormat
from agentos.testing.performance import Performance
from agentos.testing.refusals import invalid_request, server_error
from agentos.testing.replies import PlainReply, Refuse, Reply, Script, reply_for
from agentos.testing.scripts import in_order
from agentos.testing.wire_format import BadRequest, Question, Received, WireFormat

_FORMATS: Mapping[Wire, WireFormat] = {
    form.wire: form for form in (AnthropicFormat(), OpenAIFormat(), GeminiFormat())
}
_AUTHENTICATION = frozenset(("authorization", "proxy-authorization", "x-api-key", "x-goog-api-key"))
_JSON = {"Content-Type": "application/json"}


class LoopbackServer:
    """Speaks all three wire formats on 127.0.0.1, by path, from its construction to `close`.

    `script` decides every answer: a callable, or replies to be played in order. A context manager;
    leaving it raises what the script raised, if the block itself raised nothing. Requests that
    the vendor would refuse for their form are answered so and never reach script or ledger.

    Port 0 means any that is free. Raises OSError where the port is taken.
    """

    def __init__(self, script: Script | Sequence[Reply], *, port: int = 0) -> None:
        self._script = script if callable(script) else in_order(script)
        self._order = threading.Lock()
        self._failure: Exception | None = None
        self._ledger = Ledger()
        self._listener = Listener(self._answer, port)

    def base_url(self, wire: Wire | str) -> str:
        """What the vendor's SDK takes as its base URL. Raises ValueError for an unknown wire."""
        return f"http://{HOST}:{self.port}{_FORMATS[Wire(wire)].base_path}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    @property
    def connections(self) -> int:
        """How many there have been, whatever was asked over them."""
        return self._listener.accepted

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All calls so far, in order of arrival."""
        return self._ledger.exchanges

    @property
    def billed(self) -> Usage:
        """What all calls so far would cost together."""
        return self._ledger.billed

    def wait_until(
        self, condition: Callable[[tuple[Exchange, ...]], bool], timeout: float | None = 10.0
    ) -> bool:
        """Wait at most `timeout` seconds for a condition on the exchanges; whether it came."""
        return self._ledger.wait_until(condition, timeout)

    def wait_idle(self, timeout: float | None = 10.0) -> bool:
        """Wait at most `timeout` seconds until no call is in progress; whether that is so."""
        return self.wait_until(
            lambda all_: all(e.end is not End.IN_PROGRESS for e in all_), timeout
        )

    def close(self) -> None:
        """End every call at once, and listen no more. A second time does nothing."""
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        if error is None and self._failure is not None:
            raise self._failure

    def _answer(self, post: Post, client: Client) -> None:
        wire = next((form for form in _FORMATS.values() if form.serves(post.path)), None)
        if wire is None:
            with suppress(Departed):
                client.respond(404, _JSON, b'{"error": "There is no such endpoint here."}')
            return
        try:
            received = _received(post)
            question = wire.read(received)
        except BadRequest as error:
            refuse = reply_for(invalid_request(str(error)), wire.wire)
            assert isinstance(refuse, Refuse)  # noqa: S101 - for the type checker
            with suppress(Departed):
                client.respond(refuse.status, _JSON, wire.error_body(refuse, "req_loopback_0"))
            return
        asked, reply = self._ask(wire, received, question)
        Performance(
            client,
            wire,
            question,
            f"req_loopback_{asked.number}",
            bill=partial(self._ledger.bill, asked.number),
            end=partial(self._ledger.close, asked.number),
            is_closing=lambda: self._listener.is_closing,
        ).play(reply)

    def _ask(
        self, wire: WireFormat, received: Received, question: Question
    ) -> tuple[Asked, PlainReply]:
        """Enter the request and ask the script; what that raises is kept, and answered with 500."""
        with self._order:
            asked = self._ledger.open(partial(_asked, wire, received, question))
            try:
                return asked, reply_for(self._script(asked), wire.wire)
            except Exception as error:  # noqa: BLE001 - kept, and raised on leaving the server
                self._failure = self._failure or error
                return asked, reply_for(server_error(f"The script failed: {error}"), wire.wire)


def _asked(wire: WireFormat, received: Received, question: Question, number: int) -> Asked:
    return Asked(
        wire=wire.wire,
        model=question.model,
        secret=wire.secret(received),
        prompt=question.prompt,
        max_output_tokens=question.max_output_tokens,
        number=number,
        headers={k: v for k, v in received.headers.items() if k not in _AUTHENTICATION},
    )


def _received(post: Post) -> Received:
    try:
        body = json.loads(post.body)
    except ValueError:
        raise BadRequest("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The request body is not an object.")
    return Received(post.path, post.query, post.headers, body)
