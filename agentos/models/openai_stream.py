"""The answers of OpenAI's chat completions read: chunks into a message, errors into refusals.

llama.cpp, vLLM, Ollama and gateways leave fields out and add others, so all is read from plain
data, and nothing of it has to be there.
"""

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from agentos.core.calls import NO_HINT, Answer, LimitHint, Refusal, RefusalKind, Usage, is_count
from agentos.core.text import well_formed
from agentos.models.plain_json import text_at, value_at
from agentos.models.transport import cut, kind_of_status, status_refusal

if TYPE_CHECKING:
    from openai import Stream
    from openai.types.chat import ChatCompletionChunk

_OVERRULING = dict.fromkeys(
    (
        "billing_hard_limit_reached",
        "billing_not_active",
        "credit_balance_exhausted",
        "insufficient_quota",
        "organization_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "project_spend_limit_exceeded",
    ),
    402,
) | {
    "account_deactivated": 401,
    "invalid_api_key": 401,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,  # llama.cpp, with the status 500 at times
}
"""Codes and types that say more than the status they come with, as the status that says it."""

_STATUSES = _OVERRULING | {
    "BadRequestError": 400,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "server_is_overloaded": 503,
    "server_overloaded": 503,
    "service_unavailable_error": 503,
    "slow_down": 503,
    "unavailable_error": 503,
    "overloaded_error": 529,
}
"""What a code or type stands for in an error event, which has no status of its own."""

_PER_DAY = re.compile(r"\bon (?:requests|tokens) per day\b", re.IGNORECASE)
"""What OpenAI and Groq write of a quota of the day, under the code of one of the minute: there is
nothing else to tell it by."""

_OUTPUT_LIMITS = ("length", "max_tokens", "model_length")
_BROKEN_OFF = ("abort", "error", "insufficient_system_resource")


class Message:
    """One answer as its chunks build it up; what they hold beyond that is passed over.

    `finish_reason` is empty until the model said that its text is at an end.
    """

    def __init__(self) -> None:
        self.finish_reason = ""
        self._is_refusal = False
        self.usage: Usage | None = None
        self._texts: list[str] = []

    def take(self, chunk: object) -> None:
        """Take in one chunk of a stream, or the whole of a response that is no stream."""
        self.usage = _usage(value_at(chunk, "usage")) or self.usage
        choices = value_at(chunk, "choices")
        # One choice was asked for; a chunk of the count alone, or of a filter's report, has none.
        choice = choices[0] if isinstance(choices, list) and choices else None
        part = value_at(choice, "delta") or value_at(choice, "message")
        self._texts.append(text_at(part, "content"))
        self._is_refusal = self._is_refusal or bool(text_at(part, "refusal"))
        self.finish_reason = text_at(choice, "finish_reason") or self.finish_reason

    def result(self, model: str, hint: LimitHint) -> Answer | Refusal:
        """What the answer amounts to that ended without an error; `model` is the full name."""
        reason = self.finish_reason
        if not reason or reason in _BROKEN_OFF:
            # Before the end a server that counts along has not counted all of it.
            return replace(cut(), hint=hint, usage=self.usage if reason else None)
        if reason == "content_filter" or self._is_refusal:
            return Refusal(
                RefusalKind.REQUEST,
                "The model or its content filter declined to answer this; reword the issue, or"
                " choose another model.",
                hint,
                "content_filter" if reason == "content_filter" else "refusal",
                self.usage,
            )
        # Half a character may have come in each of two chunks.
        text = well_formed("".join(self._texts))
        return Answer(text, model, self.usage, hint, truncated=reason in _OUTPUT_LIMITS)


def read(
    stream: "Stream[ChatCompletionChunk]", message: Message, secret: str | None
) -> Refusal | None:
    """Take all of a response into `message`; a refusal for an error in the place of an answer."""
    if not stream.response.headers.get("content-type", "").startswith("application/json"):
        for chunk in stream:
            message.take(chunk.to_dict(warnings=False))
        return None
    # A server that knows no streams sends all of it at once, and so do some their errors.
    body = json.loads(stream.response.read())
    if error := value_at(body, "error"):
        return refused(error, secret)
    message.take(body)
    return None


def refused(
    body: object, secret: str | None, status: int | None = None, hint: LimitHint = NO_HINT
) -> Refusal:
    """The refusal for an error's body; without a status it is one inside of an answer."""
    codes = [text_at(body, "code"), text_at(body, "type")]
    known = _OVERRULING if status else _STATUSES
    meant = next((known[code] for code in codes if code in known), None)
    stated = status or meant or _status_at(body) or 500
    kind = kind_of_status(meant or stated)
    sentence = _sentence(body)
    if kind is RefusalKind.RATE_LIMITED and _PER_DAY.search(sentence):
        kind = RefusalKind.DAILY_QUOTA
    return status_refusal(
        stated,
        code=next((code for code in codes if code and not code.isdigit()), ""),
        sentence=sentence,
        secret=secret,
        hint=hint,
        kind=kind,
        begun=status is None,
    )


def _sentence(body: object) -> str:
    """What an error says: an object's message, or a text that is no page."""
    match body:
        case {"message": str(text)} | {"detail": str(text)}:
            return text
        case str(text) if not text.lstrip().startswith("<"):
            return text
    return ""


def _status_at(body: object) -> int | None:
    """The number that vLLM, llama.cpp and gateways have for a code."""
    code = str(value_at(body, "code"))
    return int(code) if code.isdecimal() and 400 <= int(code) < 600 else None


def _usage(usage: object) -> Usage | None:
    """The provider's count, None unless it counted both input and output."""
    read = _count(usage, "prompt_tokens")
    written = _count(usage, "completion_tokens")
    if read is None or written is None:
        return None
    # Some leave a model's thoughts out of what they count as written, but not out of the total.
    written = max(written, (_count(usage, "total_tokens") or 0) - read)
    cached = _count(usage, "prompt_tokens_details", "cached_tokens") or 0
    into_cache = _count(usage, "prompt_tokens_details", "cache_write_tokens") or 0
    return Usage(read, written, min(cached, read), min(into_cache, read))


def _count(usage: object, *path: str) -> int | None:
    count = value_at(usage, *path)
    return count if is_count(count) else None
