"""What closes a key, an account or a model of it, as each vendor's SDK brings it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

import agentos.models.gemini_stream
from agentos.core.calls import Model, Refusal, RefusalKind, Request, RequestKind
from agentos.core.model_settings import ModelSettings, TimeLimits
from agentos.models.anthropic import AnthropicModel
from agentos.models.gemini import GeminiModel
from agentos.models.gemini_stream import until_next_day
from agentos.models.openai import OpenAIModel
from agentos.testing import LoopbackServer, Refuse, Reply, Wire, refusals
from agentos.testing.replies import PerWire

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 04:00 in California
LIMITS = TimeLimits(connect=30.0, idle=30.0, total=60.0)
SECRET = "sk-made-up-0123456789"
ADAPTERS: Mapping[Wire, Callable[..., Model]] = {
    Wire.ANTHROPIC: AnthropicModel,
    Wire.OPENAI: OpenAIModel,
    Wire.GEMINI: GeminiModel,
}
KEY, ACCOUNT, DAY = RefusalKind.CREDENTIAL, RefusalKind.ACCOUNT, RefusalKind.DAILY_QUOTA


def refusal_for(wire: Wire, reply: Reply) -> Refusal:
    with LoopbackServer([reply]) as server:
        settings = ModelSettings(f"{wire}/test", base_url=server.base_url(wire), time_limits=LIMITS)
        model = ADAPTERS[wire](settings, now=lambda: NOW)
        result = model.complete(Request(RequestKind.DRAFT_LLD, source="Lend books."), SECRET)
    assert isinstance(result, Refusal)
    return result


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (refusals.bad_key(), (KEY, KEY, KEY)),
        (refusals.forbidden(), (KEY, KEY, KEY)),
        (refusals.insufficient_quota(), (ACCOUNT, ACCOUNT, ACCOUNT)),
        (refusals.out_of_credit(), (ACCOUNT, ACCOUNT, None)),
        (refusals.spend_limit(), (ACCOUNT, ACCOUNT, None)),
        (refusals.daily_quota(), (None, DAY, DAY)),
    ],
    ids=["bad_key", "forbidden", "insufficient_quota", "out_of_credit", "spend_limit", "daily"],
)
def test_whom_a_terminal_answer_closes(
    reply: PerWire, kinds: tuple[RefusalKind | None, ...]
) -> None:
    expected = {wire: kind for wire, kind in zip(ADAPTERS, kinds, strict=True) if kind}
    assert set(reply.replies) == set(expected)
    for wire, kind in expected.items():
        refusal = refusal_for(wire, reply)
        assert refusal.kind is kind
        assert refusal.kind.is_terminal
        assert refusal.message.endswith(".")


def test_what_passes_is_not_terminal() -> None:
    terminal = {kind for kind in RefusalKind if kind.is_terminal}
    assert terminal == {KEY, ACCOUNT, DAY}


OPENAI_DAY = (
    "Rate limit reached for gpt-4o-mini in organization org-x on requests per day (RPD): Limit 200,"
    " Used 200, Requested 1. Please try again in 7m12s."
)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        (OPENAI_DAY, DAY),
        (OPENAI_DAY.replace("requests per day (RPD)", "tokens per day (TPD)"), DAY),
        (OPENAI_DAY.replace("per day (RPD)", "per min (RPM)"), RefusalKind.RATE_LIMITED),
        ("No more than 3 requests per day may ask for this.", RefusalKind.RATE_LIMITED),
    ],
)
def test_openai_says_in_words_alone_that_a_limit_is_one_of_the_day(
    sentence: str, kind: RefusalKind
) -> None:
    reply = Refuse(429, "rate_limit_exceeded", sentence, {"retry-after": "432"})
    refusal = refusal_for(Wire.OPENAI, reply)
    assert (refusal.kind, refusal.retry_after) == (kind, 432.0)
    # Words say so only where the status does not say something else.
    other = refusal_for(Wire.OPENAI, replace(reply, status=500, code=""))
    assert other.kind is RefusalKind.TRANSIENT


def test_a_request_that_quotes_the_words_closes_no_account() -> None:
    sentence = "messages.0: 'Your credit balance is too low to access the Anthropic API'?"
    reply = Refuse(400, "invalid_request_error", sentence)
    assert refusal_for(Wire.ANTHROPIC, reply).kind is RefusalKind.REQUEST


def test_no_short_time_is_believed_for_a_quota_of_the_day_at_google() -> None:
    refusal = refusal_for(Wire.GEMINI, refusals.daily_quota(retry_after=36.4))
    assert refusal.retry_after == 20 * 3600
    assert "quota of the day is used up" in refusal.message


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), 1 / 60),
        (datetime(2026, 11, 23, 8, tzinfo=UTC), 24),
        (datetime(2026, 7, 1, 6, tzinfo=UTC), 1),
        (datetime(2026, 3, 8, 8, tzinfo=UTC), 23),  # its clocks go forward
        (datetime(2026, 11, 1, 7, tzinfo=UTC), 25),  # and back
    ],
)
def test_the_day_at_google_ends_at_midnight_in_california(now: datetime, hours: float) -> None:
    assert until_next_day(now) == hours * 3600


def test_without_a_database_of_zones_the_day_ends_an_hour_late_in_summer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(agentos.models.gemini_stream, "ZoneInfo", missing)
    assert until_next_day(datetime(2026, 7, 1, 6, tzinfo=UTC)) == 2 * 3600
    assert until_next_day(datetime(2026, 11, 23, 8, tzinfo=UTC)) == 24 * 3600
