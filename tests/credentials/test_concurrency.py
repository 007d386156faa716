from agentos.credentials.concurrency import ConcurrencyLimit


def drive(limit: ConcurrencyLimit, provider: int, calls: int, now: float = 0.0) -> int:
    """Keep all slots in use against a provider that takes so many at once; how many it refused."""
    refused = 0
    for _ in range(calls):
        now += 1.0
        if limit.limit > provider:
            refused += 1
            limit.refused(limit.limit, now, now + 0.1)
        else:
            limit.answered(limit.limit)
    return refused


def test_a_known_one_needs_no_search() -> None:
    assert ConcurrencyLimit(50, is_known=True).limit == 50
    assert ConcurrencyLimit(3, is_known=False).limit == 3


def test_it_begins_small_and_doubles_in_a_round_trip() -> None:
    limit = ConcurrencyLimit(50, is_known=False)
    first = limit.limit
    for _ in range(first):
        limit.answered(1)
    assert limit.limit == 2 * first


def test_it_never_exceeds_the_most() -> None:
    limit = ConcurrencyLimit(6, is_known=False)
    drive(limit, 100, 500)
    assert limit.limit == 6


def test_it_finds_what_a_provider_takes_and_tries_for_more_ever_more_rarely() -> None:
    limit = ConcurrencyLimit(50, is_known=False)
    drive(limit, 7, 500)
    assert limit.limit in {7, 8}
    assert drive(limit, 7, 1000, now=1e4) <= 10


def test_it_finds_more_when_there_is_more() -> None:
    limit = ConcurrencyLimit(50, is_known=False)
    drive(limit, 3, 500)
    drive(limit, 20, 1500, now=1e4)
    assert limit.limit >= 15


def test_it_grows_only_while_all_slots_are_in_use() -> None:
    limit = ConcurrencyLimit(50, is_known=False)
    drive(limit, 5, 100)
    before = limit.limit
    for _ in range(500):
        limit.answered(before - 1)
    assert limit.limit == before


def test_a_round_trip_has_one_cut_at_most() -> None:
    limit = ConcurrencyLimit(16, is_known=True)
    limit.halve(0.0, 10.0)
    limit.halve(5.0, 11.0)
    assert limit.limit == 8
    limit.halve(10.5, 12.0)
    assert limit.limit == 4


def test_refusals_that_go_on_walk_it_down_to_one() -> None:
    limit = ConcurrencyLimit(16, is_known=True)
    for trip in range(1, 20):
        limit.halve(10.0 * trip, 10.0 * trip + 1)
    assert limit.limit == 1


def test_a_refusal_below_the_limit_is_of_something_else() -> None:
    limit = ConcurrencyLimit(8, is_known=True)
    assert not any(limit.refused(3, 10.0 * n, 10.0 * n + 1) for n in range(1, 10))
    assert limit.limit == 8


def test_more_at_once_than_were_ever_served_is_too_much() -> None:
    limit = ConcurrencyLimit(8, is_known=False)
    for _ in range(8):
        limit.answered(2)
    limit.refused(3, 10.0, 11.0)
    assert limit.limit == 2


def test_as_many_as_were_served_before_are_not_too_many_where_there_is_another_reason() -> None:
    limit = ConcurrencyLimit(8, is_known=False)
    for _ in range(8):
        limit.answered(8)
    for second in range(20):
        assert not limit.refused(8, second + 10.0, second + 10.1, is_explained=True)
    assert limit.limit == 8


def test_it_starts_over_when_refusals_were_of_a_rate() -> None:
    limit = ConcurrencyLimit(8, is_known=False)
    limit.refused(4, 1.0, 1.1)
    limit.refused(3, 2.0, 2.1)
    assert limit.limit < 4
    assert limit.promised == limit.limit
    limit.start_over(3.0)
    limit.refused(4, 2.9, 3.1)  # went out before
    assert limit.promised == 8
    for _ in range(8):
        limit.answered(1)
    assert limit.limit == 8


def test_one_that_is_known_does_not_start_over() -> None:
    limit = ConcurrencyLimit(8, is_known=True)
    limit.halve(1.0, 2.0)
    limit.start_over(3.0)
    limit.answered(1)
    assert limit.limit == 4
