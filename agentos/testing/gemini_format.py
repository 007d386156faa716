"""Gemini's streamGenerateContent, as server-sent events."""

import json
import re
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
    field_of,
    texts,
)

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):streamGenerateContent")
_FINISH_REASONS = {
    Finish.DONE: "STOP",
    Finish.OUTPUT_LIMIT: "MAX_TOKENS",
    Finish.DECLINED: "SAFETY",
}
_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class GeminiFormat:
    """`POST /VERSION/models/NAME:streamGenerateContent?alt=sse`, in the versions that have it."""

    wire = Wire.GEMINI
    base_path = ""
    id_header = ""
    content_type = "text/event-stream"

    def serves(self, path: str) -> bool:
        """The one endpoint, whatever its model."""
        return _PATH.fullmatch(path) is not None

    def secret(self, received: Received) -> str:
        """From the header, the query, or a bearer token."""
        named = received.headers.get("x-goog-api-key") or received.query.get("key")
        return named or bearer(received.headers)

    def read(self, received: Received) -> Question:
        """The model stands in the path."""
        if received.query.get("alt") != "sse":
            raise BadRequest("This server streams with alt=sse only.")
        match = _PATH.fullmatch(received.path)
        assert match is not None, "asked for a path that it does not serve"  # noqa: S101 - ours
        body = received.body
        config = body.get("generationConfig")
        limit = config.get("maxOutputTokens") if isinstance(config, dict) else None
        turns = [body.get("systemInstruction"), *field_of(body, "contents", list)]
        prompt = [t for turn in turns if isinstance(turn, dict) for t in texts(turn.get("parts"))]
        return Question(
            match["model"], "\n\n".join(prompt), limit if isinstance(limit, int) else None
        )

    def stream(self, question: Question, request_id: str) -> AnswerStream:
        """Responses without an end mark: the last has a finish reason."""
        return _Stream(question.model, request_id)

    def error_body(self, refuse: Refuse, request_id: str) -> bytes:  # noqa: ARG002 - has none
        """The error object, indented as Google's servers do."""
        error = _error(refuse.status, refuse.code, refuse.message)
        if refuse.details:
            error["details"] = [dict(entry) for entry in refuse.details]
        return json.dumps({"error": error}, ensure_ascii=False, indent=2).encode()


class _Stream:
    def __init__(self, model: str, request_id: str) -> None:
        self._tail = {"modelVersion": model, "responseId": request_id.removeprefix("req_")}
        self._told = False

    def opening(self, spent: Spent) -> bytes:  # noqa: ARG002 - has no such event
        return b""

    def piece(self, text: str, spent: Spent) -> bytes:
        self._told = True
        return self._response(spent, candidates=[_candidate(text)])

    def ping(self) -> bytes:
        return b"\r\n"  # Google sends no comments, and its SDK would choke on them

    def error(self, code: str, message: str) -> bytes:
        return _event({"error": _error(_STATUSES.get(code, 500), code, message)})

    def closing(self, finish: Finish, spent: Spent) -> bytes:
        if finish is Finish.DECLINED and not self._told:
            return self._response(spent, promptFeedback={"blockReason": "PROHIBITED_CONTENT"})
        last = {**_candidate(""), "finishReason": _FINISH_REASONS[finish]}
        return self._response(spent, candidates=[last])

    def _response(self, spent: Spent, **fields: object) -> bytes:
        return _event({**fields, "usageMetadata": _usage(spent), **self._tail})


def _event(value: object) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\r\n\r\n".encode("utf-8", "replace")


def _candidate(text: str) -> dict[str, Any]:
    return {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}


def _usage(spent: Spent) -> dict[str, Any]:
    """Gemini counts thoughts beside the candidates' tokens, not among them."""
    usage = spent.usage
    counts: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - spent.reasoning_tokens,
        "totalTokenCount": usage.total_tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input_tokens}],
    }
    if usage.cached_tokens:
        counts["cachedContentTokenCount"] = usage.cached_tokens
    if spent.reasoning_tokens:
        counts["thoughtsTokenCount"] = spent.reasoning_tokens
    return counts


def _error(status: int, code: str, message: str) -> dict[str, Any]:
    return {"code": status, "message": message, "status": code}
