"""What a loopback server can be told to answer. Each is played in the form of the asked wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentos.testing.exchanges import Asked, Wire

_UNFINISHED = "# A document\n\nIts first paragraph, and then a second one that never comes."


@dataclass(frozen=True, slots=True)
class Say:
    """An answer, streamed in `chunks` pieces of text.

    Tokens that are None are estimated, four bytes each; so are those of a text that exceeds the
    request's output limit, which then ends there as `truncated` ones do. `cached_tokens` and
    `cache_write_tokens` are part of the input, `reasoning_tokens` of the output. `delay` is in
    seconds before each chunk, `first_delay` before anything is sent. `limits` are further headers,
    such as `limit_headers` makes.
    """

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    truncated: bool = False
    chunks: int = 4
    delay: float = 0.0
    first_delay: float = 0.0
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decline:
    """A 200 in which the model, or a filter, declines to answer, after `text` if there is any."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error status with the wire's own error body; nothing is billed.

    `code` is Anthropic's `error.type`, OpenAI's `error.code` (empty: null) or Gemini's
    `error.status`. `details` is what else the body holds: the entries of Gemini's `details`;
    fields of Anthropic's `error.details`; fields of OpenAI's `error`, such as `type` or `param`.
    """

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    details: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence after some chunks of `text`, until the client leaves or the server closes.

    With `after_chunks` None not even a header is sent. `ping_every` is in seconds: the stream's
    empty keep-alives go on and only the answer does not.
    """

    after_chunks: int | None = 0
    text: str = _UNFINISHED
    ping_every: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection drops in the middle of the frame that follows `after_chunks`.

    With `after_chunks` None it drops in the middle of the headers. A `clean` one ends the HTTP
    body properly, as a proxy may do, so that only the protocol's last event is missing.
    """

    after_chunks: int | None = 1
    text: str = _UNFINISHED
    clean: bool = False


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An error inside a 200, after some chunks of `text`; `code` as in Refuse."""

    code: str
    message: str
    after_chunks: int = 1
    text: str = _UNFINISHED


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is none of the protocol: an HTML page, garbage, nothing."""

    status: int
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flood:
    """A 200 that calls itself an event stream and is `size` bytes without a newline."""

    size: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """The client is sent elsewhere, to ask there the same."""

    location: str
    status: int = 307


PlainReply = Say | Decline | Refuse | Stall | Cut | ErrorEvent | Raw | Flood | Redirect


@dataclass(frozen=True, slots=True)
class PerWire:
    """Another reply for each wire, for what vendors say in ways of their own."""

    replies: Mapping[Wire, PlainReply]


Reply = PlainReply | PerWire

Script = Callable[[Asked], Reply]
"""Decides what each request is answered. Called by one thread at a time, so it may count."""


def reply_for(reply: Reply, wire: Wire) -> PlainReply:
    """The reply itself, or the one that is meant for this wire.

    Raises LookupError where there is none for it.
    """
    if not isinstance(reply, PerWire):
        return reply
    if wire not in reply.replies:
        raise LookupError(f"This reply has no form that {wire} would send.")
    return reply.replies[wire]
