import math

from hypothesis import given
from hypothesis import strategies as st

from agentos.credentials.token_bucket import TokenBucket

AMOUNTS = st.floats(0.1, 50)
STEPS = st.lists(st.tuples(AMOUNTS, st.floats(0, 20)), max_size=30)


def test_it_fills_up_to_its_capacity_and_no_further() -> None:
    bucket = TokenBucket(2.0, 10.0, level=0.0, now=100.0)
    assert (bucket.level(101.0), bucket.level(105.0), bucket.level(900.0)) == (2.0, 10.0, 10.0)


def test_what_is_more_than_it_holds_is_owed() -> None:
    bucket = TokenBucket(1.0, 5.0, level=5.0, now=0.0)
    bucket.take(8.0, 0.0)
    assert bucket.level(0.0) == -3.0
    assert bucket.ready_at(1.0, 0.0) == 4.0
    bucket.take(-8.0, 0.0)
    assert bucket.level(0.0) == 5.0


def test_more_than_its_capacity_goes_through_when_it_is_full() -> None:
    bucket = TokenBucket(1.0, 5.0, level=3.0, now=0.0)
    assert bucket.ready_at(100.0, 0.0) == 2.0


def test_what_is_set_aside_does_not_count() -> None:
    bucket = TokenBucket(1.0, 5.0, level=5.0, now=0.0)
    assert bucket.ready_at(3.0, 0.0, beside=2.0) == 0.0
    assert bucket.ready_at(100.0, 0.0, beside=2.0) == math.inf


def test_what_does_not_fit_in_beside_the_rest_names_no_time_that_helps_nothing() -> None:
    bucket = TokenBucket(1.0, 5.0, level=0.0, now=0.0)
    assert bucket.ready_at(4.0, 0.0, beside=1.0) == 5.0
    assert bucket.ready_at(4.0, 0.0, beside=1.01) == math.inf
    assert bucket.ready_at(4.0, 60.0, beside=1.01) == math.inf


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    bucket = TokenBucket(1.0, 10.0, level=0.0, now=10.0)
    assert bucket.level(14.0) == bucket.level(2.0) == 4.0
    assert bucket.ready_at(5.0, 2.0) == 15.0


@given(STEPS)
def test_who_waits_as_told_never_takes_more_than_rate_and_capacity_allow(
    steps: list[tuple[float, float]],
) -> None:
    bucket = TokenBucket(1.5, 50.0, level=50.0, now=0.0)
    now = taken = 0.0
    for amount, pause in steps:
        now = bucket.ready_at(amount, now + pause)
        bucket.take(amount, now)
        taken += amount
        assert taken <= 50.0 + 1.5 * now + 1e-6
