import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentos.core.calls import Limit, LimitHint, LimitScope
from agentos.models.limit_headers import duration, limit_hint

NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)

NAMES = [
    "retry-after",
    "retry-after-ms",
    *(
        f"anthropic-ratelimit-{suffix}-{field}"
        for suffix in ("requests", "tokens", "input-tokens", "output-tokens")
        for field in ("limit", "remaining", "reset")
    ),
    *(
        f"x-ratelimit-{field}-{suffix}"
        for suffix in ("requests", "tokens")
        for field in ("limit", "remaining", "reset")
    ),
]

NONSENSE = [
    "",
    " ",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "-5s",
    "+3",
    "1e3",
    "1_000",
    "٣",
    "soon",
    "6m0",
    "1h2x",
    "s",
    "9" * 400,
    "9" * 400 + "s",
    "9" * 308 + "h",
    "Wed, 99 Foo 2025 25:61:61 GMT",
    "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
    "2025-06-01T12:00:30",
    "2025-13-41T99:00:00Z",
]

texts = st.one_of(
    st.text(),
    st.sampled_from(NONSENSE),
    st.from_regex(r"[-+]?[0-9]{0,400}(\.[0-9]*)?(e[0-9]+)?(h|ms?|s|us|µs|ns)?", fullmatch=True),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.datetimes().map(format_datetime),
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("1.5s", 1.5),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("120ms", 0.12),
        ("1.5µs", 1.5e-6),
        ("1.5us", 1.5e-6),
        ("20ns", 2e-8),
        (".5s", 0.5),
        ("12", 12.0),
        ("12.5", 12.5),
        (" 7s ", 7.0),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_no_duration(text: str) -> None:
    assert duration(text) is None


@given(
    hours=st.integers(0, 10_000), minutes=st.integers(0, 59), milliseconds=st.integers(0, 59_999)
)
def test_every_duration_that_go_writes_is_read(hours: int, minutes: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{milliseconds / 1000}s"
    assert duration(text) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"RETRY-AFTER": "Sun, 01 Jun 2025 12:01:30 GMT"}, 90.0),
        ({"retry-after": "Sun, 01 Jun 2025 12:01:30 -0000"}, 90.0),
        ({"retry-after": "Sun, 01 Jun 2025 11:00:00 GMT"}, 0.0),
        ({"retry-after": "20", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "20", "retry-after-ms": "never"}, 20.0),
        ({"retry-after-ms": "250.5"}, 0.2505),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "86400000"}, 86_400_000.0),
        ({"retry-after": str(int(NOW.timestamp()) + 20)}, 20.0),
        ({}, None),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    assert limit_hint(headers, NOW).retry_after == seconds


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_says_nothing(text: str) -> None:
    for name in NAMES:
        assert limit_hint({name: text}, NOW) == LimitHint()


def test_the_limits_of_anthropic() -> None:
    headers = {
        "Anthropic-Ratelimit-Requests-Limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2025-06-01T12:00:01Z",
        "anthropic-ratelimit-tokens-limit": "80000",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2025-06-01T13:59:59.5+02:00",
    }
    assert limit_hint(headers, NOW).limits == (
        Limit(LimitScope.REQUESTS, 50, 49, 1.0),
        Limit(LimitScope.TOKENS, 80_000),
        Limit(LimitScope.INPUT_TOKENS, remaining=0),
        Limit(LimitScope.OUTPUT_TOKENS, reset_after=0.0),
    )


def test_the_limits_of_openai() -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "X-RateLimit-Limit-Tokens": "150000",
        "X-RateLimit-Remaining-Tokens": "149984",
        "X-RateLimit-Reset-Tokens": "6m0s",
    }
    assert limit_hint(headers, NOW) == LimitHint(
        None,
        (
            Limit(LimitScope.REQUESTS, 60, 59, 1.0),
            Limit(LimitScope.TOKENS, 150_000, 149_984, 360.0),
        ),
    )


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (f"{NOW.timestamp() + 12:.0f}", 12.0),
        (f"{NOW.timestamp() + 12.5:.1f}", 12.5),
        (f"{(NOW.timestamp() + 12) * 1000:.0f}", 12.0),
        (f"{NOW.timestamp() - 12:.0f}", 0.0),
        ("999999999", 999_999_999.0),
    ],
)
def test_a_reset_may_be_the_seconds_since_1970(written: str, seconds: float) -> None:
    hint = limit_hint({"x-ratelimit-reset-requests": written}, NOW)
    assert hint.limits == (Limit(LimitScope.REQUESTS, reset_after=seconds),)


@given(st.dictionaries(st.sampled_from(NAMES), texts))
def test_no_header_raises_and_every_time_is_finite(headers: dict[str, str]) -> None:
    assert all(math.isfinite(time) and time >= 0 for time in _numbers(limit_hint(headers, NOW)))


@given(texts)
@example("9" * 309)
def test_no_text_raises_and_every_duration_is_finite(text: str) -> None:
    seconds = duration(text)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(st.integers(-(10**6), 10**6))
def test_a_moment_is_as_far_away_as_it_is(seconds: int) -> None:
    moment = NOW + timedelta(seconds=seconds)
    hint = limit_hint(
        {
            "retry-after": format_datetime(moment, usegmt=True),
            "anthropic-ratelimit-tokens-reset": moment.isoformat(),
        },
        NOW,
    )
    assert hint.retry_after == max(0, seconds)
    assert hint.limits[0].reset_after == max(0, seconds)


def _numbers(hint: LimitHint) -> Iterator[float]:
    fields = chain(*((limit.limit, limit.remaining, limit.reset_after) for limit in hint.limits))
    return (number for number in (hint.retry_after, *fields) if number is not None)
