"""What Anthropic's API answers, read: the events of a stream, and the bodies of errors.

Pure, and without the SDK's types: its models take in whatever a server sends, unchecked.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agentos.core.calls import (
    Answer,
    LimitHint,
    Refusal,
    RefusalCode,
    RefusalKind,
    Usage,
    is_count,
)
from agentos.models.plain_json import text_at, value_at
from agentos.models.transport import cut, kind_of_status, status_refusal

_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What each `error.type` stands for: an event in the stream has no status of its own."""

_GENERAL = ("invalid_request_error", "api_error")  # come with statuses that say more than they do

_FOR_GOOD = (
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "organization_on_hold",
)
"""Codes that end an account, though their status speaks of a rate or a request."""

_OUT_OF_CREDIT = "Your credit balance is too low to access the Anthropic API"
"""How the sentence begins when a prepaid balance is used up: its code is that of a malformed
request, so there is nothing else to tell it by."""

_OUTPUT_LIMITS = ("max_tokens", "model_context_window_exceeded")


def as_events(body: bytes) -> Iterator[str]:
    """A message that came whole, from a server that does not stream, as the events of a stream."""
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("type") != "message":
        yield json.dumps(message)
        return
    yield json.dumps({"type": "message_start", "message": message | {"content": []}})
    blocks = message.get("content")
    for block in blocks if isinstance(blocks, list) else ():
        delta = {"type": "text_delta", "text": value_at(block, "text")}
        if value_at(block, "type") == "text":
            yield json.dumps({"type": "content_block_delta", "delta": delta})
    end = {"stop_reason": message.get("stop_reason")}
    yield json.dumps({"type": "message_delta", "delta": end, "usage": message.get("usage")})
    yield json.dumps({"type": "message_stop"})


def read_answer(
    data: Iterable[str], model: str, secret: str | None, hint: LimitHint
) -> Answer | Refusal:
    """What the events of a stream add up to; `data` is a JSON text of each.

    Reads no further than the event that ends the message. Once the model said why it stopped the
    answer is whole, whatever comes after that or does not. Raises ValueError for what is no JSON,
    and what reading the stream raises.
    """
    message = _Message()
    try:
        for text in filter(None, data):
            event = json.loads(text)
            if value_at(event, "type") == "error" and not message.stop_reason:
                return read_refusal(event, None, secret, hint)
            message.take(event)
            if message.is_over:
                break
    except Exception:
        if not message.stop_reason:
            raise
    if not message.has_begun:
        return Refusal(
            RefusalKind.TRANSIENT,
            "The server's answer holds no message of Anthropic's API; check base_url.",
            hint,
            RefusalCode.NO_ANSWER,
        )
    if not (message.stop_reason or message.is_over):
        return replace(cut(), hint=hint)
    if message.stop_reason == "refusal":
        return Refusal(
            RefusalKind.REQUEST,
            "The model declined to answer; reword the issue or choose another model.",
            hint,
            message.stop_reason,
            message.usage,
        )
    truncated = message.stop_reason in _OUTPUT_LIMITS
    return Answer(message.text, model, message.usage, hint, truncated)


def read_refusal(body: object, status: int | None, secret: str | None, hint: LimitHint) -> Refusal:
    """The refusal for an error's body; `status` is None for an event inside of a stream."""
    error_type = text_at(body, "error", "type")
    code = text_at(body, "error", "details", "error_code") or error_type
    kind = None
    sentence = text_at(body, "error", "message")
    if code in _FOR_GOOD or sentence.startswith(_OUT_OF_CREDIT):
        kind = RefusalKind.ACCOUNT
    elif error_type in _STATUSES and error_type not in _GENERAL:
        kind = kind_of_status(_STATUSES[error_type])
    return status_refusal(
        _STATUSES.get(error_type, 500) if status is None else status,
        code=code,
        sentence=sentence,
        secret=secret,
        hint=hint,
        kind=kind,
        begun=status is None,
    )


class _Message:
    """One answer as its events build it up; what they hold beyond that is passed over."""

    def __init__(self) -> None:
        self.has_begun = False
        self.is_over = False
        self.stop_reason = ""
        self._texts: list[str] = []
        self._counts: dict[str, int] = {}
        self._has_final_count = False

    def take(self, event: object) -> None:
        """Take in one event of the stream."""
        match event:
            case {"type": "message_start", "message": message}:
                self.has_begun = True
                self._count(value_at(message, "usage"))
            case {
                "type": "content_block_start",
                "content_block": {"type": "text", "text": str(text)},
            } | {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(text)}}:
                self._texts.append(text)
            case {"type": "message_delta"}:
                self.stop_reason = text_at(event, "delta", "stop_reason") or self.stop_reason
                self._has_final_count |= self._count(value_at(event, "usage"))
            case {"type": "message_stop"}:
                self.is_over = True

    @property
    def text(self) -> str:
        """All that was written, without the thoughts."""
        return "".join(self._texts)

    @property
    def usage(self) -> Usage | None:
        """What the provider counted; None if it did not count both input and output to the end.

        Its `input_tokens` are those that the cache had no part in.
        """
        uncached = self._counts.get("input_tokens")
        if uncached is None or not self._has_final_count:
            return None
        read = self._counts.get("cache_read_input_tokens", 0)
        written = self._counts.get("cache_creation_input_tokens", 0)
        return Usage(uncached + read + written, self._counts["output_tokens"], read, written)

    def _count(self, usage: object) -> bool:
        """Keep the highest of each cumulative count; say whether the output was counted."""
        counts = {
            name: count
            for name, count in (usage.items() if isinstance(usage, dict) else ())
            if is_count(count)
        }
        for name, count in counts.items():
            self._counts[name] = max(count, self._counts.get(name, 0))
        return "output_tokens" in counts
