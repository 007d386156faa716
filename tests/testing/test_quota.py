"""What a provider with limits lets in, in a time of its own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import Limit, LimitScope, RefusalKind
from agentos.testing import Wire
from agentos.testing.quota import Outage, Quota, QuotaLimits, Refused


def about(seconds: float) -> Any:
    """Equal to numbers that differ by rounding alone."""
    return pytest.approx(seconds)


def limited(scope: LimitScope, seconds: float | None) -> Refused:
    return Refused(RefusalKind.RATE_LIMITED, scope, None if seconds is None else about(seconds))


def let_in(quota: Quota, now: float, tokens: float = 1.0) -> int:
    """How many calls in a row."""
    return sum(1 for _ in iter(lambda: quota.arrive(now, tokens) is None, False))


def test_requests_come_back_evenly_up_to_the_burst() -> None:
    quota = Quota(QuotaLimits(requests=60, burst=10))
    assert let_in(quota, 1000.0) == 10
    assert quota.arrive(1000.0, 1) == limited(LimitScope.REQUESTS, 1.0)
    assert quota.arrive(1000.75, 1) == limited(LimitScope.REQUESTS, 0.25)
    assert let_in(quota, 1003.0) == 3
    assert let_in(quota, 9999.0) == 10


def test_a_bucket_holds_one_request_at_least() -> None:
    assert let_in(Quota(QuotaLimits(requests=6, burst=1)), 0.0) == 1


def test_the_wait_that_is_told_is_enough() -> None:
    quota = Quota(QuotaLimits(requests=7, input_tokens=3333, burst=3))
    now = 0.0
    for tokens in (100, 170, 3, 160, 90, 400):
        while refused := quota.arrive(now, tokens):
            assert refused.seconds is not None
            now += refused.seconds
        quota.finish(now, 0)


def test_the_longest_wait_counts() -> None:
    quota = Quota(QuotaLimits(requests=60, input_tokens=600, burst=1))
    assert quota.arrive(0.0, 10) is None
    assert quota.arrive(0.0, 5) == limited(LimitScope.REQUESTS, 1.0)
    assert quota.arrive(0.5, 10) == limited(LimitScope.REQUESTS, 0.5)
    quota = Quota(QuotaLimits(requests=600, input_tokens=600, burst=1))
    assert quota.arrive(0.0, 10) is None
    assert quota.arrive(0.0, 8) == limited(LimitScope.INPUT_TOKENS, 0.8)


def test_what_is_refused_takes_nothing() -> None:
    quota = Quota(QuotaLimits(requests=60, input_tokens=600, burst=1))
    assert quota.arrive(0.0, 10) is None
    for _ in range(5):
        assert quota.arrive(0.5, 10) is not None
    assert quota.arrive(1.0, 10) is None
    assert quota.in_flight == 2


def test_more_input_than_there_ever_is_waits_for_a_full_bucket_and_owes_the_rest() -> None:
    quota = Quota(QuotaLimits(input_tokens=600, burst=10))
    assert quota.arrive(0.0, 250) is None
    assert quota.arrive(0.0, 1) == limited(LimitScope.INPUT_TOKENS, 15.1)
    assert quota.arrive(20.0, 250) == limited(LimitScope.INPUT_TOKENS, 5.0)


def test_output_is_taken_at_the_end_and_nothing_may_be_owed() -> None:
    quota = Quota(QuotaLimits(output_tokens=600, burst=10))
    assert quota.arrive(0.0, 5000) is None
    assert quota.arrive(0.0, 5000) is None
    quota.finish(0.0, 90)
    assert quota.arrive(0.0, 5000) is None
    quota.finish(0.0, 40)
    assert quota.arrive(0.0, 1) == limited(LimitScope.OUTPUT_TOKENS, 3.0)
    assert quota.arrive(3.5, 1) is None


def test_both_together() -> None:
    quota = Quota(QuotaLimits(tokens=600, burst=10))
    assert quota.arrive(0.0, 60) is None
    quota.finish(0.0, 50)
    assert quota.arrive(0.0, 20) == limited(LimitScope.TOKENS, 3.0)
    assert quota.arrive(1.0, 0) is None


def test_calls_at_once() -> None:
    quota = Quota(QuotaLimits(concurrent=2))
    assert let_in(quota, 0.0) == 2
    assert quota.arrive(50.0, 1) == limited(LimitScope.CONCURRENCY, None)
    quota.finish(50.0, 1)
    assert let_in(quota, 50.0) == 1


@pytest.mark.parametrize("kind", [RefusalKind.OVERLOADED, RefusalKind.CREDENTIAL])
def test_an_outage(kind: RefusalKind) -> None:
    quota = Quota(QuotaLimits(requests=1), Outage(kind, 10.0, 20.0))
    assert quota.arrive(9.9, 1) is None
    assert quota.arrive(10.0, 1) == Refused(kind, None, None)
    quota.outages.append(Outage(kind, 30.0))
    assert quota.arrive(20.0, 1) == limited(LimitScope.REQUESTS, 49.9)
    assert quota.arrive(10_000.0, 1) == Refused(kind, None, None)


def test_an_outage_that_says_its_end() -> None:
    outage = Outage(RefusalKind.DAILY_QUOTA, 10.0, 20.0, says_its_end=True)
    quota = Quota(QuotaLimits(), outage)
    assert quota.arrive(12.5, 1) == Refused(RefusalKind.DAILY_QUOTA, None, 7.5)
    assert quota.arrive(20.0, 1) is None


def test_what_headers_state() -> None:
    quota = Quota(QuotaLimits(requests=50, input_tokens=30_000, concurrent=3, burst=60))
    for _ in range(2):
        assert quota.arrive(0.0, 1300) is None
    assert quota.stated(0.1) == (
        Limit(LimitScope.REQUESTS, 50, 48, 3.0),
        Limit(LimitScope.INPUT_TOKENS, 30_000, 27_000, 6.0),
    )
    requests, tokens = quota.stated(0.1, Wire.OPENAI)
    assert requests == Limit(LimitScope.REQUESTS, 50, 48, about(2.3))
    assert tokens == Limit(LimitScope.INPUT_TOKENS, 30_000, 27_450, about(5.1))


def test_headers_of_what_is_owed_say_that_nothing_is_left() -> None:
    quota = Quota(QuotaLimits(output_tokens=60, burst=1))
    quota.arrive(0.0, 1)
    quota.finish(0.0, 11)
    assert quota.stated(0.0) == (Limit(LimitScope.OUTPUT_TOKENS, 60, 0, 11.0),)


@given(
    st.integers(1, 600),
    st.floats(0.5, 60),
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_never_more_than_the_burst_and_what_has_come(
    requests: int, burst: float, gaps: list[float]
) -> None:
    quota = Quota(QuotaLimits(requests=requests, burst=burst))
    now, served = 0.0, 0
    for gap in gaps:
        now += gap
        served += quota.arrive(now, 1) is None
        assert served <= max(1.0, requests / 60 * burst) + now * requests / 60 + 1e-6
