"""The ways in which a refusal says when to ask again."""

import math
from datetime import timedelta
from email.utils import format_datetime
from enum import StrEnum

from agentos.core.clock import Now, utc_now
from agentos.testing.google_details import Detail, retry_info


class RetryHint(StrEnum):
    """A way to say it, or to say nothing."""

    NONE = "none"
    SECONDS = "seconds"  # retry-after: 2
    DECIMALS = "decimals"  # retry-after: 1.25
    DATE = "date"  # retry-after: Fri, 31 Jan 2026 12:00:02 GMT
    MILLISECONDS = "milliseconds"  # retry-after-ms: 1250
    RETRY_INFO = "retry_info"  # not a header: in the body of Google's errors

    def said(self, seconds: float | None) -> float | None:
        """What of a true wait is said: rounded up to what the way can express, if it is at all."""
        if seconds is None or self is RetryHint.NONE:
            return None
        steps = 1 if self in {RetryHint.SECONDS, RetryHint.DATE} else 1000
        return math.ceil(round(seconds * steps, 6)) / steps

    def headers(self, seconds: float | None, now: Now = utc_now) -> dict[str, str]:
        """The headers that say so."""
        said = self.said(seconds)
        if seconds is None or said is None or self is RetryHint.RETRY_INFO:
            return {}
        if self is RetryHint.MILLISECONDS:
            return {"retry-after-ms": f"{said * 1000:.0f}"}
        if self is RetryHint.DATE:
            moment = now() + timedelta(seconds=seconds, microseconds=999_999)
            return {"retry-after": format_datetime(moment, usegmt=True)}
        return {"retry-after": f"{said:.15g}"}

    def details(self, seconds: float | None) -> tuple[Detail, ...]:
        """The entries of an error's `details` that say so, over Gemini's wire."""
        return retry_info(self.said(seconds)) if self is RetryHint.RETRY_INFO else ()
