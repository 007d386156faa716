"""Time as it is handed in, so that logic can be tested without waiting."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Seconds from an arbitrary start, never going back: `time.monotonic` outside of tests."""

Now = Callable[[], datetime]
"""The wall clock, for people and records only; deadlines never read it."""


def utc_now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
