import math

import pytest

from agentos.core.calls import NO_HINT, Limit, LimitHint, LimitScope, Usage
from agentos.core.credentials import RateLimits
from agentos.credentials.domain import LONG_COOLDOWN, Domain
from agentos.credentials.rest_length import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    SHORTEST_AGAIN,
    SHORTEST_REST,
)
from agentos.credentials.token_bucket import TokenBucket

MOST = Usage(4000, 2000)
CALL = Usage(2000, 500)  # half of the input and a quarter of the output, as is expected at first


def domain_of(slots: int = 8, **limits: int) -> Domain:
    return Domain(slots, 0.0, limits=RateLimits(**limits), is_told=True, jitter=lambda: 1.0)


def admitted_at_once(domain: Domain, now: float) -> int:
    count = 0
    while domain.ready_at(MOST, now) <= now:
        domain.admit(MOST, now)
        count += 1
    return count


def test_where_only_the_end_of_a_call_makes_room_no_time_is_named() -> None:
    domain = domain_of(tpm=15_000)  # a bucket of 2,475, and a call is expected to take 2,500
    out = domain.admit(MOST, 0.0)
    assert domain.ready_at(MOST, 600.0) == math.inf
    domain.ended(out, CALL, 600.0)
    assert domain.ready_at(MOST, 600.0) < 700.0


def test_slots_are_the_limit_where_nothing_else_is_known() -> None:
    domain = domain_of(3)
    assert admitted_at_once(domain, 0.0) == 3
    assert domain.ready_at(MOST, 0.0) == math.inf


@pytest.mark.parametrize(
    ("limits", "calls"),
    [
        ({"rpm": 12}, 1),
        ({"rpm": 24}, 3),
        ({"input_tpm": 60_000}, 4),
        ({"output_tpm": 12_000}, 3),
        ({"tpm": 60_000}, 3),
        ({"tpm": 60_000, "rpm": 12}, 1),
    ],
)
def test_ten_seconds_worth_of_a_limit_goes_out_at_once(limits: dict[str, int], calls: int) -> None:
    assert admitted_at_once(domain_of(8, **limits), 0.0) == calls


def test_what_a_call_really_took_is_what_counts() -> None:
    domain = domain_of(input_tpm=24_000)
    call = domain.admit(MOST, 0.0)
    assert domain.ready_at(MOST, 0.0) == pytest.approx(0.1, abs=0.1)
    domain.answered(call, Usage(0, 0), NO_HINT, 0.0)
    assert domain.ready_at(MOST, 0.0) == 0.0
    call = domain.admit(MOST, 0.0)
    domain.answered(call, Usage(4000, 0), NO_HINT, 0.0)
    assert domain.ready_at(MOST, 0.0) > 1.0


def test_what_is_expected_is_learned_from_what_calls_took() -> None:
    domain = domain_of(input_tpm=240_000)
    now = 0.0
    for _ in range(60):
        now += 60.0
        domain.answered(domain.admit(MOST, now), Usage(400, 100), NO_HINT, now)
    assert admitted_at_once(domain, now + 60.0) == 8  # of 40,000 tokens, with 4,000 at the most


@pytest.mark.parametrize("seconds", [7.0, 3600.0])
def test_it_rests_as_long_as_is_asked_for(seconds: float) -> None:
    domain = domain_of()
    domain.refused(domain.admit(MOST, 0.0), LimitHint(seconds), 1.0)
    assert domain.ready_at(MOST, 1.0) == 1.0 + seconds
    assert domain.cools(seconds)
    assert not domain.cools(1.0 + seconds)


def test_without_a_hint_it_rests_longer_each_time_and_an_answer_ends_that() -> None:
    domain = domain_of()
    now, rests = 0.0, []
    for _ in range(12):
        domain.refused(domain.admit(MOST, now), NO_HINT, now)
        rests.append(domain.cooldown_until - now)
        now = domain.cooldown_until
    assert rests[:3] == [FIRST_BACKOFF, 2 * FIRST_BACKOFF, 4 * FIRST_BACKOFF]
    assert max(rests) == LONGEST_BACKOFF
    domain.answered(domain.admit(MOST, now), CALL, NO_HINT, now)
    domain.refused(domain.admit(MOST, now), NO_HINT, now)
    assert domain.cooldown_until - now == FIRST_BACKOFF


def test_a_hint_of_nothing_is_no_busy_loop() -> None:
    domain = domain_of()
    now = 0.0
    for _ in range(8):
        domain.refused(domain.admit(MOST, now), LimitHint(0.0), now)
        assert domain.cooldown_until >= now + SHORTEST_REST
        rest, now = domain.cooldown_until - now, domain.cooldown_until
    assert rest == pytest.approx(SHORTEST_AGAIN)


def test_a_rest_that_chance_names_is_no_busy_loop_either() -> None:
    domain = Domain(8, 0.0, limits=RateLimits(), is_told=True, jitter=lambda: 0.0)
    domain.refused(domain.admit(MOST, 0.0), NO_HINT, 0.0)
    assert domain.cooldown_until == SHORTEST_REST


def test_a_hint_of_nothing_is_believed_a_number_of_times() -> None:
    domain = domain_of()
    now, rests = 0.0, []
    for _ in range(20):
        domain.refused(domain.admit(MOST, now), LimitHint(0.0), now)
        rests.append(domain.cooldown_until - now)
        now = domain.cooldown_until
    assert rests[9:12] == pytest.approx([SHORTEST_AGAIN, 2 * SHORTEST_AGAIN, 4 * SHORTEST_AGAIN])
    assert rests[-1] == LONGEST_BACKOFF
    domain.answered(domain.admit(MOST, now), CALL, NO_HINT, now)
    domain.refused(domain.admit(MOST, now), LimitHint(0.0), now)
    assert domain.cooldown_until - now == pytest.approx(SHORTEST_REST)


def test_long_rests_that_go_on_leave_one_call_at_once() -> None:
    domain = domain_of(16)
    now = 0.0
    for _ in range(10):
        call = domain.admit(MOST, now)
        domain.refused(call, LimitHint(LONG_COOLDOWN), now + 0.1)
        now = domain.cooldown_until
    assert admitted_at_once(domain, now + 1e6) == 1


def test_an_overloaded_provider_is_asked_for_half_as_much_at_once() -> None:
    domain = domain_of(8)
    calls = [domain.admit(MOST, 1.0) for _ in range(8)]
    for call in calls:
        domain.overloaded(call, Usage(), LimitHint(), 2.0)
    assert domain.cooldown_until == 2.0 + FIRST_BACKOFF  # not that of eight refusals in a row
    assert admitted_at_once(domain, 3.0) == 4


def test_a_provider_that_stays_overloaded_is_asked_ever_more_rarely() -> None:
    domain = domain_of(8)
    now, rests = 1.0, []
    for _ in range(8):
        domain.overloaded(domain.admit(MOST, now), Usage(), LimitHint(), now + 0.5)
        rests.append(domain.cooldown_until - now - 0.5)
        now = domain.cooldown_until
    assert rests == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_BACKOFF, LONGEST_BACKOFF]


def test_a_limit_that_answers_tell_of_is_kept_to() -> None:
    domain = domain_of()
    limits = (Limit(LimitScope.REQUESTS, 600, 3, 60.0), Limit(LimitScope.TOKENS, 1000, 1000, 0.0))
    domain.answered(domain.admit(Usage(), 0.0), None, LimitHint(None, limits), 0.0)
    count = 0
    while domain.ready_at(Usage(), 0.0) <= 0.0:
        domain.admit(Usage(), 0.0)
        count += 1
    assert count == 3


def test_a_limit_that_a_refusal_tells_of_is_kept_to_and_it_rests_as_long_as_that_wants() -> None:
    domain = domain_of()
    hint = LimitHint(1.0, (Limit(LimitScope.REQUESTS, 600, 0, 60.0),))
    domain.refused(domain.admit(MOST, 0.0), hint, 0.0)
    assert domain.cooldown_until == 1.0
    assert admitted_at_once(domain, 1.0) == 1


def test_a_used_up_limit_of_unknown_size_rests_until_it_is_renewed() -> None:
    domain = domain_of()
    hint = LimitHint(None, (Limit(LimitScope.TOKENS, None, 0, 12.0),))
    domain.answered(domain.admit(MOST, 0.0), CALL, hint, 1.0)
    assert domain.ready_at(MOST, 1.0) == 13.0


def test_a_call_that_was_never_made_took_nothing() -> None:
    domain = domain_of(rpm=6)
    domain.never_made(domain.admit(MOST, 0.0), 0.0)
    assert domain.ready_at(MOST, 0.0) == 0.0


def test_one_that_does_not_learn_keeps_to_slots_and_cooldowns() -> None:
    domain = Domain(2, 0.0, limits=RateLimits(), is_told=True, learns=False)
    now = 0.0
    for _ in range(20):
        domain.refused(domain.admit(MOST, now), LimitHint(20.0), now)
        now += 20.0
    assert admitted_at_once(domain, now) == 2


def test_the_rest_after_several_that_went_out_together_is_that_of_one() -> None:
    domain = domain_of()
    for call in [domain.admit(MOST, 0.0) for _ in range(6)]:
        domain.refused(call, NO_HINT, 0.1)
    assert domain.cooldown_until == pytest.approx(0.1 + FIRST_BACKOFF)


def test_ever_so_many_refusals_in_a_row_are_no_error() -> None:
    domain = domain_of()
    now = 0.0
    for _ in range(1500):
        domain.refused(domain.admit(MOST, now), NO_HINT, now)
        now = domain.cooldown_until
    assert domain.cooldown_until - now <= LONGEST_BACKOFF


def test_a_declared_limit_that_is_too_high_is_found_out() -> None:
    domain = domain_of(rpm=600)
    provider = TokenBucket(1.0, 5.0, level=5.0, now=0.0)
    now, refused, served = 0.0, 0, 0
    for call in range(1000):
        now = domain.ready_at(MOST, now + 0.001)
        admission = domain.admit(MOST, now)
        is_late = call >= 500
        if provider.ready_at(1.0, now) <= now:
            provider.take(1.0, now)
            served += is_late
            domain.answered(admission, CALL, NO_HINT, now + 0.0005)
        else:
            refused += is_late
            domain.refused(admission, LimitHint(1.0), now + 0.0005)
    assert refused <= 0.05 * served


def paced() -> tuple[Domain, float]:
    """One that has found a pace of about a call a second, and when the last call went out."""
    domain, now = domain_of(), 0.0
    for _ in range(2):
        for _ in range(20):
            now = domain.ready_at(MOST, now + 1.0)
            domain.answered(domain.admit(MOST, now), CALL, NO_HINT, now)
        domain.refused(domain.admit(MOST, now), NO_HINT, now)
    now = domain.ready_at(MOST, now)
    domain.answered(domain.admit(MOST, now), CALL, NO_HINT, now)
    return domain, now


@pytest.mark.parametrize(("later", "has_learned"), [(1000.0, False), (0.01, True)])
def test_a_pace_learns_from_calls_that_waited_and_not_from_questions(
    later: float, has_learned: bool
) -> None:
    intervals = []
    for is_asked in (False, True):
        domain, now = paced()
        back = domain.ready_at(MOST, now) if is_asked else now + 1.0
        assert back > now
        now = back + later
        domain.admit(MOST, now)
        intervals.append(domain.ready_at(MOST, now) - now)
    assert (intervals[1] < intervals[0]) is has_learned


def test_what_went_out_together_costs_nothing_of_the_limit() -> None:
    domain = domain_of(rpm=600)
    for call in [domain.admit(MOST, 0.0) for _ in range(8)]:
        domain.refused(call, LimitHint(1.0), 0.1)
    count, now = 0, 200.0
    while (now := domain.ready_at(MOST, now)) < 300.0:
        domain.answered(domain.admit(MOST, now), CALL, NO_HINT, now)
        count += 1
    assert count >= 0.985 * 1000
