"""What a vendor's streaming API is to the server: a way to read questions and to write answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from agentos.core.calls import Usage
from agentos.testing.exchanges import Wire
from agentos.testing.replies import Refuse


class BadRequest(Exception):  # noqa: N818 - named for the status that it becomes
    """A request that the vendor would answer with 400 before any model sees it."""


@dataclass(frozen=True, slots=True)
class Received:
    """A POST as it came in: header names in lower case, `body` parsed from JSON."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """The parts of a request that an answer depends on."""

    model: str
    prompt: str
    max_output_tokens: int | None
    with_usage: bool = True


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of one call so far; `reasoning_tokens` are part of the output."""

    usage: Usage
    reasoning_tokens: int = 0


class Finish(Enum):
    """Why an answer is over."""

    DONE = auto()
    OUTPUT_LIMIT = auto()
    DECLINED = auto()


class AnswerStream(Protocol):
    """The frames of one answer, as bytes of its body."""

    def opening(self, spent: Spent) -> bytes:
        """What comes before any text."""

    def piece(self, text: str, spent: Spent) -> bytes:
        """Some of the text."""

    def ping(self) -> bytes:
        """What keeps the connection alive and says nothing."""

    def error(self, code: str, message: str) -> bytes:
        """An error in the middle of the answer."""

    def closing(self, finish: Finish, spent: Spent) -> bytes:
        """What comes after the text."""


class WireFormat(Protocol):
    """One vendor's API.

    `base_path` is what its SDK wants in its base URL. `id_header` is where a response's id
    stands, empty if nowhere.
    """

    wire: Wire
    base_path: str
    id_header: str
    content_type: str

    def serves(self, path: str) -> bool:
        """Whether this path is the streaming endpoint."""

    def secret(self, received: Received) -> str:
        """The key that was presented, or nothing."""

    def read(self, received: Received) -> Question:
        """The question. Raises BadRequest."""

    def stream(self, question: Question, request_id: str) -> AnswerStream:
        """The frames of the answer to a question."""

    def error_body(self, refuse: Refuse, request_id: str) -> bytes:
        """The body of an error status."""


def compact(value: object) -> str:
    """JSON without white space; what is not ASCII stays as it is, as the vendors send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def event(value: object, name: str = "") -> bytes:
    """One server-sent event with a JSON value, named or not."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {compact(value)}\n\n".encode("utf-8", "replace")


def bearer(headers: Mapping[str, str]) -> str:
    """The token of an Authorization header, or nothing."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def texts(content: object) -> Iterator[str]:
    """All text of a message: a string, or blocks or parts that have a `text`."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from texts(content.get("text"))
    elif isinstance(content, list):
        for part in content:
            yield from texts(part)


def require_stream(body: Mapping[str, Any]) -> None:
    """Raises BadRequest where the answer is wanted whole."""
    if body.get("stream") is not True:
        raise BadRequest("stream: This server answers streams only")


def field_of(body: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """A field that has to be there. Raises BadRequest where it is not, or is of another type."""
    value = body.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadRequest(f"{name}: Field required" if value is None else f"{name}: Invalid type")
    return value
