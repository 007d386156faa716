import pytest

from agentos.core.calls import Limit, LimitScope
from agentos.credentials.meter import Meter


def calls(per_minute: int | None = None) -> Meter:
    return Meter(per_minute, counts_calls=True, now=0.0)


def requests(
    limit: int | None = None, remaining: int | None = None, reset_after: float | None = None
) -> Limit:
    return Limit(LimitScope.REQUESTS, limit, remaining, reset_after)


def ready_at(meter: Meter, amount: float, now: float) -> float:
    return meter.ready_at(amount, 0.0, 0.0, now)


def served(meter: Meter, seconds: float, start: float = 0.0) -> int:
    """How many calls go out in so much time, each as soon as it may."""
    count, now = 0, start
    while (now := ready_at(meter, 1.0, now)) <= start + seconds:
        meter.take(1.0, 0.0, now)
        count += 1
    return count


def test_without_a_limit_there_is_room_at_once() -> None:
    meter = calls()
    assert not meter.is_known
    meter.take(1e9, 0.0, 0.0)
    assert ready_at(meter, 1e9, 5.0) == 5.0


def test_a_declared_limit_is_used_but_for_a_margin_and_never_exceeded() -> None:
    meter = calls(60)
    served(meter, 60.0)
    assert 58 * 60 <= served(meter, 3600.0, start=60.0) <= 60 * 60


def test_an_advertised_limit_is_kept_to_and_its_period_told_from_a_minute() -> None:
    of_a_minute, of_a_day = calls(), calls()
    of_a_minute.heard(requests(60, 60, 0.0), 0.0, 0.0, 0.0)
    of_a_day.heard(requests(1440, 1340, 6000.0), 0.0, 0.0, 0.0)
    served(of_a_minute, 60.0)
    served(of_a_day, 3600.0)
    assert served(of_a_minute, 600.0, start=60.0) == pytest.approx(600, rel=0.03)
    assert served(of_a_day, 36_000.0, start=3600.0) == pytest.approx(600, rel=0.03)


def test_the_smaller_of_what_is_declared_and_advertised_counts() -> None:
    meter = calls(30)
    meter.heard(requests(6000, 6000), 0.0, 0.0, 0.0)
    served(meter, 60.0)
    assert served(meter, 600.0, start=60.0) <= 300


def test_what_others_use_is_heard_of() -> None:
    meter = calls(600)
    meter.heard(requests(600, 0), 0.0, 0.0, 0.0)
    assert ready_at(meter, 1.0, 0.0) == pytest.approx(0.1, rel=0.05)


def test_what_an_answer_says_is_as_old_as_its_call() -> None:
    meter = calls(600)
    meter.take(1.0, 0.0, 0.0)
    taken = meter.taken
    for _ in range(50):
        meter.take(1.0, 0.0, 0.0)
    meter.heard(requests(600, 60), 0.0, taken, 0.0)
    assert ready_at(meter, 10.0, 0.0) == 0.0
    assert ready_at(meter, 11.0, 0.0) > 0.0
    meter.heard(requests(600, 0), -5.0, 0.0, 0.0)  # of a call before that: too late
    assert ready_at(meter, 10.0, 0.0) == 0.0


def test_a_refusal_makes_it_wait_as_told_and_use_less_at_once() -> None:
    meter = calls(600)
    meter.refused(1.0, 0.0, free_at=7.0)
    assert ready_at(meter, 1.0, 0.0) == pytest.approx(7.0)
    at_once = 0
    while ready_at(meter, 1.0, 1000.0) <= 1000.0:
        meter.take(1.0, 0.0, 1000.0)
        at_once += 1
    assert at_once <= 600 / 60 * 10 / 2


def test_many_refusals_leave_nearly_all_of_the_limit_in_use() -> None:
    meter = calls(60)
    for second in range(100):
        meter.refused(1.0, float(second), free_at=second + 1.0)
    assert served(meter, 6000.0, start=200.0) >= 0.97 * 6000


def test_a_refusal_of_calls_that_went_out_evenly_lowers_what_is_used_but_by_little() -> None:
    meter = calls(60)
    assert meter.allows_burst(1.0)
    for second in range(30):
        was_cautious = meter.is_cautious
        meter.refused(1.0, float(second), free_at=second + 1.0)
    assert was_cautious
    assert not meter.allows_burst(1.0)
    assert served(meter, 6000.0, start=200.0) == pytest.approx(0.97 * 6000, rel=0.003)


def in_flight_at_once(meter: Meter, seconds: float) -> int:
    """How many calls of 500 tokens of output go out at once, each of which takes so long."""
    count = 0
    while meter.ready_at(0.0, 500.0, seconds, 0.0) <= 0.0:
        meter.take(0.0, 500.0, 0.0)
        count += 1
    return count


def output(per_minute: int = 30_000) -> Meter:
    return Meter(per_minute, counts_calls=False, now=0.0)


def test_output_is_set_aside_until_it_is_known_how_long_calls_take() -> None:
    assert in_flight_at_once(output(), 0.0) == 9  # of 4950 tokens


def test_long_calls_may_owe_more_output_than_there_is() -> None:
    assert in_flight_at_once(output(), 2.0) == 9
    assert in_flight_at_once(output(), 60.0) > 5 * 9


def test_output_counts_when_a_call_ends() -> None:
    meter = output()
    for _ in range(9):
        meter.take(0.0, 500.0, 0.0)
    for _ in range(9):
        meter.settle((0.0, 500.0), 100.0, 0.0)
    assert meter.taken == 900.0
    assert in_flight_at_once(meter, 0.0) == 8  # of 4050 tokens


def test_refusals_tell_that_output_is_counted_sooner_and_many_calls_that_it_is_not() -> None:
    meter = output()
    before = meter.ready_at(0.0, 500.0, 60.0, 0.0)
    for second in range(5):
        meter.take(0.0, 500.0, float(second), seconds=60.0)
        meter.settle((0.0, 500.0), 0.0, float(second))
        meter.refused(500.0, float(second), free_at=second + 1.0)
    meter.take(0.0, 30_000.0, 1000.0)  # as much as may be out if nothing is set aside
    assert before == 0.0
    assert meter.ready_at(0.0, 500.0, 60.0, 1000.0) > 1000.0
    for _ in range(1000):
        meter.take(0.0, 0.0, 1000.0)
        meter.settle((0.0, 0.0), 0.0, 1000.0)
    meter.settle((0.0, 30_000.0), 0.0, 1000.0)
    meter.take(0.0, 20_000.0, 2000.0)
    assert meter.ready_at(0.0, 500.0, 60.0, 2000.0) == 2000.0
