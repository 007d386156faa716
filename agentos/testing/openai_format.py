"""OpenAI's chat completions, which many other servers speak as well."""

import time
from typing import Any

from agentos.testing.exchanges import Wire
from agentos.testing.replies import Refuse
from agentos.testing.wire_format import (
    AnswerStream,
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

_FINISH_REASONS = {
    Finish.DONE: "stop",
    Finish.OUTPUT_LIMIT: "length",
    Finish.DECLINED: "content_filter",
}


class OpenAIFormat:
    """`POST /v1/chat/completions`, streamed."""

    wire = Wire.OPENAI
    base_path = "/v1"
    id_header = "x-request-id"
    content_type = "text/event-stream; charset=utf-8"

    def serves(self, path: str) -> bool:
        """The one endpoint."""
        return path == "/v1/chat/completions"

    def secret(self, received: Received) -> str:
        """A bearer token."""
        return bearer(received.headers)

    def read(self, received: Received) -> Question:
        """Usage comes only if it is asked for."""
        body = received.body
        require_stream(body)
        turns = field_of(body, "messages", list)
        prompt = [t for turn in turns if isinstance(turn, dict) for t in texts(turn.get("content"))]
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        options = body.get("stream_options")
        return Question(
            field_of(body, "model", str),
            "\n\n".join(prompt),
            limit if isinstance(limit, int) else None,
            isinstance(options, dict) and bool(options.get("include_usage")),
        )

    def stream(self, question: Question, request_id: str) -> AnswerStream:
        """Chunks, then `[DONE]`."""
        return _Stream(question, request_id)

    def error_body(self, refuse: Refuse, request_id: str) -> bytes:  # noqa: ARG002 - has none
        """The error object."""
        error = _error(refuse.code, refuse.message, refuse.status)
        for fields in refuse.details:
            error.update(fields)
        return compact({"error": error}).encode()


class _Stream:
    def __init__(self, question: Question, request_id: str) -> None:
        self._with_usage = question.with_usage
        self._head = {
            "id": request_id.replace("req_", "chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": question.model,
            "service_tier": "default",
            "system_fingerprint": None,
        }

    def opening(self, spent: Spent) -> bytes:  # noqa: ARG002 - counted at the end
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def piece(self, text: str, spent: Spent) -> bytes:  # noqa: ARG002 - counted at the end
        return self._chunk({"content": text})

    def ping(self) -> bytes:
        return b": keep-alive\n\n"

    def error(self, code: str, message: str) -> bytes:
        return event({"error": _error(code, message, 500)})

    def closing(self, finish: Finish, spent: Spent) -> bytes:
        last = self._chunk({}, _FINISH_REASONS[finish])
        if self._with_usage:
            last += event({**self._head, "choices": [], "usage": _usage(spent)})
        return last + b"data: [DONE]\n\n"

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        unknown = {"usage": None} if self._with_usage else {}
        return event({**self._head, "choices": [choice], **unknown})


def _usage(spent: Spent) -> dict[str, Any]:
    usage = spent.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": spent.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _error(code: str, message: str, status: int) -> dict[str, Any]:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"message": message, "type": kind, "param": None, "code": code or None}
