"""Anthropic's Messages API, in the version that its SDK asks for."""

from typing import Any

from agentos.testing.exchanges import Wire
from agentos.testing.replies import Refuse
from agentos.testing.wire_format import (
    AnswerStream,
    BadRequest,
    Finish,
    Question,
    Received,
    Spent,
    bearer,
    compact,
    event,
    field_of,
    require_stream,
    texts,
)

_OLD_VERSION = "2023-06-01"  # the last that still had these
_REMOVED = ("temperature", "top_p", "top_k")
_STOP_REASONS = {
    Finish.DONE: "end_turn",
    Finish.OUTPUT_LIMIT: "max_tokens",
    Finish.DECLINED: "refusal",
}


class AnthropicFormat:
    """`POST /v1/messages`, streamed."""

    wire = Wire.ANTHROPIC
    base_path = ""
    id_header = "request-id"
    content_type = "text/event-stream; charset=utf-8"

    def serves(self, path: str) -> bool:
        """The one endpoint."""
        return path == "/v1/messages"

    def secret(self, received: Received) -> str:
        """From either header; the SDK of today sends a bearer token."""
        return bearer(received.headers) or received.headers.get("x-api-key", "")

    def read(self, received: Received) -> Question:
        """Checks what an adapter easily gets wrong: the version and what went with it."""
        body, version = received.body, received.headers.get("anthropic-version")
        if version is None:
            raise BadRequest("anthropic-version: header is required")
        if version != _OLD_VERSION and (gone := [name for name in _REMOVED if name in body]):
            raise BadRequest(f"{gone[0]}: Extra inputs are not permitted")
        require_stream(body)
        turns = field_of(body, "messages", list)
        limit = field_of(body, "max_tokens", int)
        prompt = [*texts(body.get("system")), *(t for turn in turns for t in _turn(turn))]
        return Question(field_of(body, "model", str), "\n\n".join(prompt), limit)

    def stream(self, question: Question, request_id: str) -> AnswerStream:
        """Named events from message_start to message_stop."""
        return _Stream(question.model, request_id)

    def error_body(self, refuse: Refuse, request_id: str) -> bytes:
        """The error object."""
        details = {key: value for entry in refuse.details for key, value in entry.items()}
        return compact(_error(refuse.code, refuse.message, request_id, details)).encode()


class _Stream:
    def __init__(self, model: str, request_id: str) -> None:
        self._model = model
        self._id = request_id

    def opening(self, spent: Spent) -> bytes:
        message: dict[str, Any] = {
            "id": self._id.replace("req_", "msg_"),
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                **_input(spent),
                "output_tokens": spent.usage.output_tokens,
                "service_tier": "standard",
            },
        }
        block = {"type": "text", "text": ""}
        return (
            _event("message_start", message=message)
            + _event("content_block_start", index=0, content_block=block)
            + self.ping()
        )

    def piece(self, text: str, spent: Spent) -> bytes:  # noqa: ARG002 - other wires count here
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def ping(self) -> bytes:
        return _event("ping")

    def error(self, code: str, message: str) -> bytes:
        return event(_error(code, message, self._id, {}), "error")

    def closing(self, finish: Finish, spent: Spent) -> bytes:
        delta: dict[str, Any] = {"stop_reason": _STOP_REASONS[finish], "stop_sequence": None}
        if finish is Finish.DECLINED:
            delta["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
        usage: dict[str, Any] = {**_input(spent), "output_tokens": spent.usage.output_tokens}
        if spent.reasoning_tokens:
            usage["output_tokens_details"] = {"thinking_tokens": spent.reasoning_tokens}
        return (
            _event("content_block_stop", index=0)
            + _event("message_delta", delta=delta, usage=usage)
            + _event("message_stop")
        )


def _event(name: str, **fields: object) -> bytes:
    return event({"type": name, **fields}, name)


def _input(spent: Spent) -> dict[str, int]:
    """Anthropic counts what is cached beside `input_tokens`, not in it."""
    usage = spent.usage
    return {
        "input_tokens": usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
    }


def _error(code: str, message: str, request_id: str, details: dict[str, Any]) -> dict[str, Any]:
    error: dict[str, Any] = {"type": code, "message": message}
    if details:
        error["details"] = details
    return {"type": "error", "error": error, "request_id": request_id}


def _turn(turn: object) -> list[str]:
    return list(texts(turn.get("content"))) if isinstance(turn, dict) else []
