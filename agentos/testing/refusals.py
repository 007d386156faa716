"""What vendors answer instead of an answer: one function a reason, each in every wire's words.

Statuses, codes and the form of bodies and headers are those of the vendors' current APIs; the
sentences are like theirs. Where a vendor knows no such refusal, the reply has no form for it, and
a script that gives it fails with a LookupError.
"""

from agentos.core.calls import Limit, LimitScope
from agentos.testing.exchanges import Wire
from agentos.testing.google_details import (
    error_info,
    localized_message,
    quota_failure,
    retry_info,
)
from agentos.testing.limits import limit_headers
from agentos.testing.replies import PerWire, Refuse

_OPENAI_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_GEMINI_QUOTA = f"{_OPENAI_QUOTA} For more information on this error, head to the docs."


def rate_limited(
    retry_after: float | None = 30.0, scope: LimitScope = LimitScope.REQUESTS, limit: int = 50
) -> PerWire:
    """Too many requests or tokens a minute. `retry_after` is in seconds, None: not said."""
    limits = (Limit(scope, limit, 0, retry_after),)
    counted = "requests" if scope is LimitScope.REQUESTS else "tokens"
    return _per_wire(
        Refuse(
            429,
            "rate_limit_error",
            f"This request would exceed your organization's rate limit of {limit} {counted} "
            "per minute.",
            {**_retry_after(retry_after), **limit_headers(Wire.ANTHROPIC, limits)},
        ),
        Refuse(
            429,
            "rate_limit_exceeded",
            f"Rate limit reached on {counted} per min: Limit {limit}, Used {limit}, Requested 1.",
            {
                **_retry_after(retry_after, with_milliseconds=True),
                **limit_headers(Wire.OPENAI, limits),
            },
            ({"type": counted},),
        ),
        Refuse(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA,
            details=(
                quota_failure(f"Generate{counted.title()}PerMinutePerProjectPerModel", limit),
                *retry_info(retry_after),
            ),
        ),
    )


def daily_quota(limit: int = 1000, retry_after: float | None = 40.0) -> PerWire:
    """No more requests today. What Gemini says of a retry is short all the same."""
    return _per_wire(
        None,
        Refuse(
            429,
            "rate_limit_exceeded",
            f"Rate limit reached on requests per day (RPD): Limit {limit}, Used {limit}, "
            "Requested 1.",
            {
                **_retry_after(retry_after, with_milliseconds=True),
                **limit_headers(Wire.OPENAI, (Limit(LimitScope.REQUESTS, limit, 0, retry_after),)),
            },
            ({"type": "requests"},),
        ),
        Refuse(
            429,
            "RESOURCE_EXHAUSTED",
            _GEMINI_QUOTA,
            details=(
                quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier", limit),
                *retry_info(retry_after),
            ),
        ),
    )


def overloaded(retry_after: float | None = None) -> PerWire:
    """The provider is busy with others' requests."""
    headers = _retry_after(retry_after)
    return _per_wire(
        Refuse(529, "overloaded_error", "Overloaded", headers),
        Refuse(
            503,
            "server_is_overloaded",
            "The model is currently overloaded. Please try again later.",
            headers,
            ({"type": "service_unavailable_error"},),
        ),
        Refuse(
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            details=retry_info(retry_after),
        ),
    )


def server_error(message: str = "Internal server error") -> PerWire:
    """Something broke at the provider."""
    return _per_wire(
        Refuse(500, "api_error", message),
        Refuse(500, "", message),
        Refuse(500, "INTERNAL", message),
    )


def timed_out() -> PerWire:
    """The provider, or what stands before it, gave up waiting."""
    return _per_wire(
        Refuse(504, "timeout_error", "Request timed out."),
        Refuse(504, "", "The request timed out."),
        Refuse(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    )


def bad_key() -> PerWire:
    """A key that is unknown, revoked or expired."""
    message = "API key not valid. Please pass a valid API key."
    return _per_wire(
        Refuse(401, "authentication_error", "invalid x-api-key"),
        Refuse(401, "invalid_api_key", "Incorrect API key provided."),
        Refuse(
            400,
            "INVALID_ARGUMENT",
            message,
            details=(
                error_info("API_KEY_INVALID"),
                localized_message(message),
            ),
        ),
    )


def forbidden() -> PerWire:
    """A key that is known and may not do this."""
    return _per_wire(
        Refuse(
            403,
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
        ),
        Refuse(
            403,
            "unsupported_country_region_territory",
            "Country, region, or territory not supported",
            details=({"type": "request_forbidden"},),
        ),
        Refuse(
            403,
            "PERMISSION_DENIED",
            "Permission denied: Consumer has been suspended.",
            details=(error_info("CONSUMER_SUSPENDED"),),
        ),
    )


def insufficient_quota() -> PerWire:
    """Nothing is left to pay with."""
    return _per_wire(
        Refuse(402, "billing_error", "There's an issue with your billing or payment information."),
        Refuse(429, "insufficient_quota", _OPENAI_QUOTA, details=({"type": "insufficient_quota"},)),
        Refuse(402, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
    )


def out_of_credit() -> PerWire:
    """The prepaid balance is used up; Anthropic says so under the code of a malformed request."""
    return _per_wire(
        Refuse(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
        ),
        Refuse(
            429,
            "credit_balance_exhausted",
            _OPENAI_QUOTA,
            details=({"type": "insufficient_quota"},),
        ),
        None,
    )


def spend_limit() -> PerWire:
    """A cap on the month's or the project's spending is reached: a 429 that does not pass."""
    return _per_wire(
        Refuse(
            429,
            "rate_limit_error",
            "Your organization has reached its monthly API usage threshold.",
            details=({"error_code": "enforced_spend_limit_reached"},),
        ),
        Refuse(
            429,
            "project_spend_limit_exceeded",
            _OPENAI_QUOTA,
            details=({"type": "insufficient_quota"},),
        ),
        None,
    )


def context_too_long(tokens: int = 209_000, limit: int = 200_000) -> PerWire:
    """The prompt does not fit into the model's context."""
    return _per_wire(
        Refuse(
            400,
            "invalid_request_error",
            f"prompt is too long: {tokens} tokens > {limit} maximum",
        ),
        Refuse(
            400,
            "context_length_exceeded",
            f"This model's maximum context length is {limit} tokens. However, your messages "
            f"resulted in {tokens} tokens. Please reduce the length of the messages.",
            details=({"param": "messages"},),
        ),
        Refuse(
            400,
            "INVALID_ARGUMENT",
            f"The input token count ({tokens}) exceeds the maximum number of tokens allowed "
            f"({limit}).",
        ),
    )


def request_too_large() -> PerWire:
    """The request has too many bytes, whatever they mean; Anthropic's proxy says so."""
    return _per_wire(
        Refuse(413, "request_too_large", "Request exceeds the maximum size"), None, None
    )


def unknown_model(model: str = "no-such-model") -> PerWire:
    """There is no model of this name, or not for this key."""
    return _per_wire(
        Refuse(404, "not_found_error", f"model: {model}"),
        Refuse(
            404,
            "model_not_found",
            f"The model `{model}` does not exist or you do not have access to it.",
        ),
        Refuse(
            404,
            "NOT_FOUND",
            f"models/{model} is not found for API version v1, or is not supported for "
            "generateContent.",
        ),
    )


def invalid_request(message: str = "messages: Field required") -> PerWire:
    """The request itself is malformed."""
    return _per_wire(
        Refuse(400, "invalid_request_error", message),
        Refuse(400, "", message),
        Refuse(400, "INVALID_ARGUMENT", message),
    )


def _per_wire(anthropic: Refuse | None, openai: Refuse | None, gemini: Refuse | None) -> PerWire:
    forms = {Wire.ANTHROPIC: anthropic, Wire.OPENAI: openai, Wire.GEMINI: gemini}
    return PerWire({wire: refuse for wire, refuse in forms.items() if refuse is not None})


def _retry_after(seconds: float | None, *, with_milliseconds: bool = False) -> dict[str, str]:
    if seconds is None:
        return {}
    milliseconds = {"retry-after-ms": f"{seconds * 1000:.0f}"} if with_milliseconds else {}
    return {"retry-after": f"{seconds:g}", **milliseconds}
