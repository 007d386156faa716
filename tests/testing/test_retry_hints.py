"""Hints written here and read by the product's own reader."""

from datetime import UTC, datetime

import pytest

from agentos.models.limit_headers import limit_hint
from agentos.testing.retry_hints import RetryHint

NOW = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hint", "headers", "heard"),
    [
        (RetryHint.NONE, {}, None),
        (RetryHint.SECONDS, {"retry-after": "3"}, 3.0),
        (RetryHint.DECIMALS, {"retry-after": "2.125"}, 2.125),
        (RetryHint.DATE, {"retry-after": "Sat, 31 Jan 2026 12:00:03 GMT"}, 2.75),
        (RetryHint.MILLISECONDS, {"retry-after-ms": "2125"}, 2.125),
        (RetryHint.RETRY_INFO, {}, None),
    ],
)
def test_each_way_of_saying_it(
    hint: RetryHint, headers: dict[str, str], heard: float | None
) -> None:
    assert hint.headers(2.1246, lambda: NOW) == headers
    assert limit_hint(headers, NOW).retry_after == heard


def test_the_one_in_a_body() -> None:
    (detail,) = RetryHint.RETRY_INFO.details(2.1246)
    assert detail["retryDelay"] == "2.125s"
    assert RetryHint.SECONDS.details(2.1246) == ()


@pytest.mark.parametrize("hint", RetryHint)
def test_what_nobody_knows_is_not_said(hint: RetryHint) -> None:
    assert hint.said(None) is None
    assert hint.headers(None) == {}
    assert hint.details(None) == ()


def test_whole_seconds_are_not_rounded_further() -> None:
    assert RetryHint.SECONDS.said(2.0000000001) == 2.0
