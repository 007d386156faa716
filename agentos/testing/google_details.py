"""The entries of `details` in an error of Google's: for Refuse, over Gemini's wire."""

from typing import Any

_TYPE = "type.googleapis.com/google.rpc."
_SERVICE = "generativelanguage.googleapis.com"

Detail = dict[str, Any]


def error_info(reason: str) -> Detail:
    """Why, for programs: `API_KEY_INVALID`, `CONSUMER_SUSPENDED`, ..."""
    metadata = {"service": _SERVICE}
    return {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def localized_message(message: str) -> Detail:
    """Why, for people."""
    return {"@type": f"{_TYPE}LocalizedMessage", "locale": "en-US", "message": message}


def retry_info(seconds: float | None) -> tuple[Detail, ...]:
    """When to ask again; nothing where that is None."""
    if seconds is None:
        return ()
    return ({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{seconds:g}s"},)


def quota_failure(quota: str, limit: int) -> Detail:
    """Which quota is exceeded; its period is part of its name, as in `...PerDayPerProject...`."""
    violation = {
        "quotaMetric": f"{_SERVICE}/generate_content_requests",
        "quotaId": quota,
        "quotaDimensions": {"location": "global"},
        "quotaValue": str(limit),
    }
    return {"@type": f"{_TYPE}QuotaFailure", "violations": [violation]}
