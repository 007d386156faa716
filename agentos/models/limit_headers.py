"""A response's headers read into a LimitHint: what providers say of their limits.

Pure. Whatever a header holds, nothing here raises: what cannot be understood was not said, and a
time is always finite and never negative.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agentos.core.calls import Limit, LimitHint, LimitScope

_ANTHROPIC = {
    "requests": LimitScope.REQUESTS,
    "tokens": LimitScope.TOKENS,
    "input-tokens": LimitScope.INPUT_TOKENS,
    "output-tokens": LimitScope.OUTPUT_TOKENS,
}
_OPENAI = {"requests": LimitScope.REQUESTS, "tokens": LimitScope.TOKENS}

_EARLIEST_EPOCH = 1e9
"""Seconds. A plain number from here on is the time of day since 1970, as some gateways write it (in
milliseconds from a thousand times that on): no limit lasts for decades."""

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PLAIN_NUMBER = re.compile(_NUMBER)
_COUNT = re.compile(r"[0-9]{1,18}")
_TERM = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_TERMS = re.compile(rf"(?:{_TERM.pattern})+")
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # the micro sign; Go prints it
    "μs": 1e-6,  # the Greek letter mu; Go reads both
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}


def limit_hint(headers: Mapping[str, str], now: datetime) -> LimitHint:
    """All that the headers say of limits; `now` is aware. A moment in the past is 0.0 s away."""
    values = {name.lower(): value.strip() for name, value in headers.items()}
    limits = []
    for suffix, scope in _ANTHROPIC.items():
        prefix = f"anthropic-ratelimit-{suffix}"
        limits.append(
            Limit(
                scope,
                _count(values.get(f"{prefix}-limit", "")),
                _count(values.get(f"{prefix}-remaining", "")),
                _reset(values.get(f"{prefix}-reset", ""), now),
            )
        )
    for suffix, scope in _OPENAI.items():
        limits.append(
            Limit(
                scope,
                _count(values.get(f"x-ratelimit-limit-{suffix}", "")),
                _count(values.get(f"x-ratelimit-remaining-{suffix}", "")),
                _reset(values.get(f"x-ratelimit-reset-{suffix}", ""), now),
            )
        )
    said = tuple(limit for limit in limits if limit != Limit(limit.scope))
    return LimitHint(_retry_after(values, now), said)


def duration(text: str) -> float | None:
    """Seconds of a duration such as `30s`, `6m0s`, `1h2m3.5s`, `120ms` or plain `12.5`."""
    text = text.strip()
    if (seconds := _number(text)) is not None:
        return seconds
    if _TERMS.fullmatch(text) is None:
        return None
    return _finite(sum(float(number) * _UNITS[unit] for number, unit in _TERM.findall(text)))


def _retry_after(values: Mapping[str, str], now: datetime) -> float | None:
    milliseconds = _number(values.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = values.get("retry-after", "")
    seconds = _number(text)
    return _until(_http_date(text), now) if seconds is None else _from_now(seconds, now)


def _reset(text: str, now: datetime) -> float | None:
    """Anthropic names the moment, OpenAI the time until then; gateways pass on either as either."""
    if (number := _number(text)) is not None:
        return _from_now(number, now)
    seconds = duration(text)
    return _until(_moment(text), now) if seconds is None else seconds


def _from_now(number: float, now: datetime) -> float:
    """Seconds of a plain number, which may be a time of day."""
    if number < _EARLIEST_EPOCH:
        return number
    seconds = number if number < _EARLIEST_EPOCH * 1000 else number / 1000
    return max(0.0, seconds - now.timestamp())


def _until(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    """An RFC 3339 time; one without an offset is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # it lets all of these through
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    """A plain decimal number: no sign, exponent, nan or inf."""
    return _finite(float(text)) if _PLAIN_NUMBER.fullmatch(text) else None


def _count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
