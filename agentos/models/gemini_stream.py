"""The answers of Gemini's API read: the chunks of a stream into a message, errors into refusals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agentos.core.calls import MOST_TOKENS, Answer, LimitHint, Refusal, RefusalKind, Usage
from agentos.core.quoted_secrets import mask_quoted
from agentos.core.terminal_text import printable
from agentos.core.text import well_formed
from agentos.models.limit_headers import duration
from agentos.models.transport import status_refusal

if TYPE_CHECKING:
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentResponse, GenerateContentResponseUsageMetadata

_OUTPUT_LIMITS = ("MAX_TOKENS", "CONTINUATION")
_SLIPS = ("OTHER", "MALFORMED_RESPONSE", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
"""Ends that the same question need not meet again; others are verdicts on what was asked."""

_NO_ACCOUNT = "PUP_LIMITED_DISABLED"  # the end where an account broke the prohibited use policy
_MAX_REASON = 64  # characters
_CANCELLED = 499  # by the provider, as the client had no reason to


class Message:
    """One answer as its chunks build it up. `has_begun` once there was any of this API."""

    def __init__(self) -> None:
        self.has_begun = False
        self._finish_reason = ""
        self._block_reason = ""
        self._texts: list[str] = []
        self._usage: Usage | None = None

    def take(self, chunk: "GenerateContentResponse") -> None:
        """Take in one chunk; its usage counts everything up to here."""
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            self._block_reason = chunk.prompt_feedback.block_reason.value
        self._usage = _usage(chunk.usage_metadata) or self._usage
        for candidate in (chunk.candidates or [])[:1]:  # one was asked for
            if candidate.finish_reason:
                self._finish_reason = candidate.finish_reason.value
            parts = (candidate.content and candidate.content.parts) or []
            self._texts += [part.text for part in parts if part.text and not part.thought]
        self.has_begun = self.has_begun or bool(chunk.candidates or self._block_reason)

    def result(self, model: str, secret: str | None, hint: LimitHint) -> Answer | Refusal | None:
        """What the answer amounts to, None while it is not at its end; `model` is the full name."""
        reason = self._block_reason or self._finish_reason
        if not reason:
            return None
        if reason == "STOP" or reason in _OUTPUT_LIMITS:
            text = well_formed("".join(self._texts))
            return Answer(text, model, self._usage, hint, truncated=reason in _OUTPUT_LIMITS)
        what = "blocked the prompt" if self._block_reason else "broke its answer off"
        kind, words = RefusalKind.REQUEST, "reword the issue, or choose another model."
        if reason == _NO_ACCOUNT:
            kind, words = RefusalKind.ACCOUNT, "Google has limited the account of the key."
        elif reason in _SLIPS and not self._block_reason:
            kind, words = RefusalKind.TRANSIENT, "the call can be repeated."
        code = printable(mask_quoted(reason, secret or ""), _MAX_REASON)
        return Refusal(kind, f"The model {what} ({code}); {words}", hint, code, self._usage)


@dataclass(slots=True)
class _Said:
    """What the body of an error says, empty where it does not; `sentence` is for people."""

    sentence: str = ""
    status: str = ""
    reason: str = ""
    daily_quota: str = ""
    retry_delay: float | None = None


def refused(error: "APIError", secret: str | None, hint: LimitHint, now: datetime) -> Refusal:
    """The refusal for an error status, or for an error in the place of a chunk; `now` is aware."""
    import httpx2  # noqa: PLC0415 - heavy, and part of an extra

    said = _said(error.details)
    if said.daily_quota:
        hint = replace(hint, retry_after=until_next_day(now))
    elif said.retry_delay is not None:
        hint = replace(hint, retry_after=said.retry_delay)
    kind, words = _exactly(error.code, said)
    refusal = status_refusal(
        error.code,
        code=said.daily_quota or said.reason or said.status,
        sentence=said.sentence,
        secret=secret,
        hint=hint,
        kind=kind,
        begun=not isinstance(error.response, httpx2.Response),
    )
    return replace(refusal, message=f"{refusal.code}: {words}") if words else refusal


def _exactly(status: int, said: _Said) -> tuple[RefusalKind | None, str]:
    """What the body says beyond the status, and our words for it where they are special."""
    if said.daily_quota:
        return RefusalKind.DAILY_QUOTA, ""
    if said.status == "FAILED_PRECONDITION":
        # Documented for one cause: no free tier in the country, and no billing.
        words = "the key cannot be used here without billing; set it up in Google AI Studio."
        return RefusalKind.ACCOUNT, words
    if said.reason == "BILLING_DISABLED":
        return RefusalKind.ACCOUNT, ""
    if said.reason.startswith("API_KEY_"):
        return RefusalKind.CREDENTIAL, ""
    return RefusalKind.TRANSIENT if status == _CANCELLED else None, ""


def _said(body: object) -> _Said:
    """Read a `google.rpc.Status` as HTTP carries it, trusting nothing of its form."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return _Said()
    said = _Said(_text(error.get("message")), _text(error.get("status")))
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        match detail:
            case {"reason": reason}:  # ErrorInfo
                said.reason = _text(reason)
            case {"retryDelay": delay}:  # RetryInfo
                said.retry_delay = duration(_text(delay))
            case {"violations": [*violations]}:  # QuotaFailure
                said.daily_quota = _daily_quota(violations)
    return said


def until_next_day(now: datetime) -> float:
    """Seconds to midnight at Google's, where its quotas of a day are renewed.

    What is said of a retry beside them is some seconds, as for those of a minute.
    """
    zone = _zone()
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, zone)
    return (midnight - now).total_seconds()


def _zone() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:  # a small container; then an hour late in summer
        return timezone(timedelta(hours=-8))


def _daily_quota(violations: Sequence[object]) -> str:
    """The first quota of a day among those that are used up."""
    ids = [_text(each.get("quotaId")) for each in violations if isinstance(each, dict)]
    return next((quota for quota in ids if "PerDay" in quota), "")


def _usage(counts: "GenerateContentResponseUsageMetadata | None") -> Usage | None:
    """Tokens as they are billed, None unless the input was counted."""
    if counts is None or counts.prompt_token_count is None:
        return None
    read = counts.prompt_token_count
    written = (counts.candidates_token_count or 0) + (counts.thoughts_token_count or 0)
    # A gateway may leave the thoughts out, but not out of the total.
    written = max(written, (counts.total_token_count or 0) - read)
    cached = counts.cached_content_token_count or 0
    if not all(0 <= count <= MOST_TOKENS for count in (read, written, cached)):
        return None
    return Usage(read, written, min(cached, read))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
