"""Time as it is handed in, so that logic can be tested without waiting."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], float]
"""Seconds from an arbitrary start, never going back: `time.monotonic` outside of tests."""

Now = Callable[[], datetime]
"""The wall clock, for people and records only; deadlines never read it."""


def utc_now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


FURTHEST = 366 * 24 * 3600.0
"""Seconds. What is further away is told as if it were not: a calendar ends somewhere."""


def time_of_day(seconds: float, now: datetime) -> str:
    """When so many seconds are over, for people where they are: `14:05`, or with another date."""
    end = now + timedelta(seconds=min(seconds, FURTHEST))
    is_today = end.astimezone().date() == now.astimezone().date()
    return f"{end.astimezone():{'%H:%M' if is_today else '%Y-%m-%d %H:%M'}}"


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
