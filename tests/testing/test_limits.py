from datetime import UTC, datetime

import pytest

from agentos.core.calls import Limit, LimitScope
from agentos.testing import Wire, limit_headers
from agentos.testing.limits import duration

LIMITS = (
    Limit(LimitScope.REQUESTS, 50, 49, 1.2),
    Limit(LimitScope.INPUT_TOKENS, 4000, None, 60.0),
    Limit(LimitScope.TOKENS, remaining=7),
    Limit(LimitScope.CONCURRENCY, 5),
)


def noon() -> datetime:
    return datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_anthropic() -> None:
    assert limit_headers(Wire.ANTHROPIC, LIMITS, noon) == {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-01-31T12:00:02Z",
        "anthropic-ratelimit-input-tokens-limit": "4000",
        "anthropic-ratelimit-input-tokens-reset": "2026-01-31T12:01:00Z",
        "anthropic-ratelimit-tokens-remaining": "7",
    }


def test_openai() -> None:
    assert limit_headers(Wire.OPENAI, LIMITS) == {
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "49",
        "x-ratelimit-reset-requests": "1.2s",
        "x-ratelimit-remaining-tokens": "7",
    }


def test_gemini_has_none() -> None:
    assert limit_headers(Wire.GEMINI, LIMITS) == {}


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0ms"),
        (0.12, "120ms"),
        (0.0085, "8.5ms"),
        (1, "1s"),
        (59.9996, "1m0s"),
        (90.5, "1m30.5s"),
        (360, "6m0s"),
        (3630, "1h0m30s"),
        (86_400, "24h0m0s"),
    ],
)
def test_durations(seconds: float, written: str) -> None:
    assert duration(seconds) == written
