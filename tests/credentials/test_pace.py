"""A provider with a bucket that nobody tells of, asked as fast as the pace allows."""

import pytest

from agentos.credentials.pace import Pace
from agentos.credentials.token_bucket import TokenBucket


def drive(
    pace: Pace, rate: float, *, capacity: float, calls: int, start: float = 0.0
) -> tuple[int, float]:
    """So many calls, each of which waits for the pace, and no longer.

    How many were refused, and the share of what the limit allows that was served.
    """
    provider = TokenBucket(rate, capacity, level=capacity, now=start)
    refused, now = 0, start
    for _ in range(calls):
        at = max(now + 0.001, pace.ready_at(now))
        had_waited = at > now + 0.001
        now = at
        pace.went_out(now, had_waited=had_waited)
        ready = provider.ready_at(1.0, now)
        if ready <= now:
            provider.take(1.0, now)
            pace.was_served(now)
        else:
            refused += 1
            pace.came_to_nothing(now)
            pace.refused(now, now + 0.0005, free_at=ready)
            now = max(now + 0.0005, ready)
    return refused, (calls - refused) / (capacity + rate * (now - start))


def test_there_is_none_before_two_refusals() -> None:
    pace = Pace()
    for second in range(20):
        pace.went_out(float(second), had_waited=False)
    assert pace.ready_at(20.0) == 20.0
    pace.refused(19.5, 20.0, free_at=21.0)
    assert pace.rate is None


@pytest.mark.parametrize("rate", [0.2, 1.0, 25.0])
@pytest.mark.parametrize("capacity", [1.0, 1.5, 2.0, 10.0, 60.0])
def test_it_finds_the_rate_and_hardly_ever_exceeds_it(rate: float, capacity: float) -> None:
    pace = Pace()
    drive(pace, rate, capacity=capacity, calls=300)
    refused, used = drive(pace, rate, capacity=capacity, calls=1000, start=1e5)
    assert refused <= 25
    assert used >= 0.95


def test_it_follows_a_limit_that_becomes_wider_and_one_that_becomes_narrower() -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    drive(pace, 4.0, capacity=5.0, calls=600, start=1e5)
    assert pace.rate == pytest.approx(4.0, rel=0.15)
    drive(pace, 0.5, capacity=5.0, calls=300, start=2e5)
    assert pace.rate == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize("rate", [1.3, 1.9, 2.5, 6.0])
def test_it_climbs_to_a_limit_that_was_raised(rate: float) -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    refused, _ = drive(pace, rate, capacity=5.0, calls=1200, start=400.0)
    assert pace.rate == pytest.approx(rate, rel=0.2)
    assert refused <= 50


@pytest.mark.parametrize("rate", [0.8, 0.5, 0.1])
def test_it_falls_to_a_limit_that_was_lowered(rate: float) -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    refused, _ = drive(pace, rate, capacity=5.0, calls=100, start=400.0)
    assert pace.rate == pytest.approx(rate, rel=0.2)
    assert refused <= 25


@pytest.mark.parametrize("rate", [0.5, 1.0])
def test_a_refusal_since_which_nothing_was_served_tells_nothing_of_the_rate(rate: float) -> None:
    pace = Pace()
    drive(pace, rate, capacity=5.0, calls=300)
    refuse_once(pace, 4000.0)
    before = pace.rate
    for second in range(4001, 4021):
        refuse_once(pace, float(second))
    assert pace.rate == before


def refuse_once(pace: Pace, now: float) -> None:
    pace.went_out(now, had_waited=True)
    pace.came_to_nothing(now)
    pace.refused(now, now + 0.1, free_at=now + 0.5)


def test_time_in_which_nobody_calls_is_no_sign_of_a_low_rate() -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    before = pace.rate
    assert before is not None
    for hour in range(1, 20):
        drive(pace, 1.0, capacity=5.0, calls=30, start=3600.0 * hour)
        assert pace.rate is not None
        assert pace.rate >= 0.9 * before


def test_refusals_of_what_went_out_together_count_once() -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    now = pace.ready_at(1e5)
    pace.refused(now, now + 1.0, free_at=now + 1.0)
    rate = pace.rate
    for late in (0.1, 0.5, 1.0):
        pace.refused(now + late, now + 1.5, free_at=now + 2.0)
    assert pace.rate == rate


def test_only_calls_that_had_to_wait_for_it_raise_it() -> None:
    pace = Pace()
    drive(pace, 1.0, capacity=5.0, calls=300)
    rate = pace.rate
    assert rate is not None
    for call in range(500):
        pace.went_out(1e5 + 10 * call, had_waited=False)
    assert pace.rate == rate
    pace.went_out(2e5, had_waited=True)
    assert pace.rate > rate


def test_who_refuses_at_random_is_not_met_by_standing_still() -> None:
    pace = Pace()
    now = 0.0
    for call in range(2000):
        now = pace.ready_at(now + 0.01)
        pace.went_out(now, had_waited=True)
        if call % 5 == 0:
            pace.came_to_nothing(now)
            pace.refused(now, now + 0.001, free_at=now + 0.1)
    assert pace.rate is not None
    assert pace.rate >= 1 / 30
