"""What a terminal refusal closes, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from agentos.core.calls import (
    LONGEST_REST,
    Lease,
    LimitHint,
    Refusal,
    RefusalKind,
    Usage,
    Wish,
)
from agentos.core.credentials import Credential
from agentos.credentials.answers import Closed, Refused, Resting, Waiting, Why
from agentos.credentials.hopes import SHORTEST_CLOSURE, UNKNOWN_REST
from agentos.credentials.pool import CredentialPool

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WISH = Wish("p", "p/m", Usage())


def pool_of(*names: str, slots: int = 1) -> CredentialPool:
    credentials = [Credential(name, f"secret of {name}", "p", slots) for name in names]
    return CredentialPool(credentials, jitter=lambda: 1.0, time_of_day=lambda: NOON)


def granted(pool: CredentialPool, owner: str, now: float, wish: Wish = WISH) -> Lease:
    lease = pool.poll(owner, pool.request(owner, wish), now)
    assert isinstance(lease, Lease)
    return lease


def used_up(rest: float | None) -> Refusal:
    return Refusal(RefusalKind.DAILY_QUOTA, "used up", LimitHint(rest))


def closed_for_the_day(pool: CredentialPool, rest: float | None, now: float = 0.0) -> None:
    lease = granted(pool, "first", now)
    seconds = UNKNOWN_REST if rest is None else max(rest, SHORTEST_CLOSURE)
    seconds = min(seconds, LONGEST_REST)
    closed = Closed(lease.credential, "used up", seconds)
    assert pool.settle("first", lease.id, used_up(rest), now) == closed


def test_a_quota_of_the_day_serves_again_when_the_day_is_over() -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, 100.0)
    before = granted(pool, "x", 99.0)
    assert before.credential == "b"
    assert granted(pool, "y", 100.0).credential == "a"


def test_who_waits_beside_it_is_told_of_that_time_and_served_then() -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, 100.0)
    granted(pool, "busy", 1.0)
    ticket = pool.request("x", WISH)
    assert pool.poll("x", ticket, 1.0) == Waiting(Why.SLOT, 100.0)
    assert pool.next_wake_up(1.0) == 100.0
    assert isinstance(pool.poll("x", ticket, 100.0), Lease)


def test_a_pause_of_all_others_ends_with_it_if_it_is_the_first() -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, 100.0)
    limit = Refusal(RefusalKind.RATE_LIMITED, "slow down", LimitHint(500.0))
    pool.settle("x", granted(pool, "x", 0.0).id, limit, 0.0)
    ticket = pool.request("x", WISH)
    assert pool.poll("x", ticket, 0.0) == Waiting(Why.COOLDOWN, 100.0)
    lease = pool.poll("x", ticket, 100.0)
    assert isinstance(lease, Lease)
    assert lease.credential == "a"


def test_a_day_that_ended_unseen_counts_when_all_others_close() -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, 100.0)
    last = granted(pool, "x", 50.0)
    pool.settle("x", last.id, Refusal(RefusalKind.CREDENTIAL, "no"), 150.0)
    assert granted(pool, "x", 151.0).credential == "a"


def test_its_day_ends_also_while_all_slots_are_in_use_for_another_model() -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, 100.0)
    other = granted(pool, "o", 0.0, Wish("p", "p/other", Usage()))
    assert other.credential == "b"
    granted(pool, "o", 0.0, Wish("p", "p/other", Usage()))
    ticket = pool.request("x", WISH)
    assert pool.poll("x", ticket, 200.0) == Waiting(Why.SLOT, model=WISH.model)
    pool.settle("o", other.id, None, 201.0)
    assert isinstance(pool.poll("x", ticket, 201.0), Lease)


@pytest.mark.parametrize(
    ("said", "seconds"), [(0.0, SHORTEST_CLOSURE), (None, UNKNOWN_REST), (7200.0, 7200.0)]
)
def test_no_day_ends_at_once_nor_never(said: float | None, seconds: float) -> None:
    pool = pool_of("a", "b")
    closed_for_the_day(pool, said, now=5.0)
    assert pool.resting(5.0) == [Resting("p", "a", "p/m", seconds, "used up")]
    assert pool.resting(5.0 + seconds) == []


def test_it_closes_again_when_the_day_was_not_over() -> None:
    pool = pool_of("a", "b", slots=2)
    closed_for_the_day(pool, 100.0)
    granted(pool, "busy", 0.0)
    granted(pool, "busy", 0.0)
    closed_for_the_day(pool, 300.0, now=100.0)
    assert pool.poll("x", pool.request("x", WISH), 399.0) == Waiting(Why.SLOT, 400.0)


@pytest.mark.parametrize(("said", "left"), [(150.0, 150.0), (70.0, 99.0)])
def test_of_two_calls_that_were_out_together_the_later_end_counts(said: float, left: float) -> None:
    pool = pool_of("a", "b", slots=2)
    first, second, third = (granted(pool, "x", 0.0) for _ in range(3))
    assert [one.credential for one in (first, second, third)] == ["a", "a", "b"]
    pool.settle("x", first.id, used_up(100.0), 0.0)
    assert pool.settle("x", second.id, used_up(said), 1.0) is None
    assert pool.resting(1.0) == [Resting("p", "a", "p/m", left, "used up")]


def test_a_key_that_is_refused_while_its_quota_is_used_up_is_closed_for_good() -> None:
    pool = pool_of("a", "b", slots=2)
    first, second = (granted(pool, "x", 0.0) for _ in range(2))
    pool.settle("x", first.id, used_up(100.0), 0.0)
    refusal = Refusal(RefusalKind.CREDENTIAL, "no")
    assert pool.settle("x", second.id, refusal, 1.0) == Closed("a", "no")
    assert granted(pool, "x", 200.0).credential == "b"


def test_a_recalled_one_serves_within_the_run_that_recalls_it() -> None:
    pool = pool_of("a", "b")
    pool.recall([Resting("p", "a", "p/m", 100.0, "used up")], 0.0)
    assert granted(pool, "x", 0.0).credential == "b"
    assert granted(pool, "y", 100.0).credential == "a"


def test_without_another_credential_nobody_waits_for_the_end_of_the_day() -> None:
    pool = pool_of("a", "b", "c")
    closed_for_the_day(pool, 3600.0)
    closed_for_the_day(pool, 3600.0)
    bad = granted(pool, "x", 0.0)
    pool.settle("x", bad.id, Refusal(RefusalKind.CREDENTIAL, "no"), 0.0)
    end = f"{NOON.astimezone() + timedelta(minutes=50):%H:%M}"
    reason = f"Every credential for 'p' is closed (a, b until {end}: used up; c: no)"
    assert pool.poll("x", pool.request("x", WISH), 600.0) == Refused(reason)


def test_no_end_is_too_far_away_to_be_told() -> None:
    pool = pool_of("a")
    closed_for_the_day(pool, 1e300)
    refused = pool.poll("x", pool.request("x", WISH), 1.0)
    assert isinstance(refused, Refused)
    assert "a until 2027-" in refused.reason


@pytest.mark.parametrize("kind", [kind for kind in RefusalKind if kind.is_terminal])
def test_what_two_calls_tell_is_said_once(kind: RefusalKind) -> None:
    pool = pool_of("a", slots=2)
    first, second = (granted(pool, "x", 0.0) for _ in range(2))
    assert isinstance(pool.settle("x", first.id, Refusal(kind, "no"), 0.0), Closed)
    assert pool.settle("x", second.id, Refusal(kind, "no"), 0.0) is None


@pytest.mark.parametrize("kind", [RefusalKind.CREDENTIAL, RefusalKind.ACCOUNT])
def test_what_is_refused_for_good_stays_closed(kind: RefusalKind) -> None:
    pool = pool_of("a", "b")
    pool.settle("first", granted(pool, "first", 0.0).id, Refusal(kind, "no"), 0.0)
    assert granted(pool, "busy", 1e6).credential == "b"
    assert pool.poll("x", pool.request("x", WISH), 1e6) == Waiting(Why.SLOT)


@pytest.mark.parametrize("kind", [kind for kind in RefusalKind if kind.is_terminal])
def test_a_refusal_without_a_word_closes_too(kind: RefusalKind) -> None:
    pool = pool_of("a")
    effect = pool.settle("first", granted(pool, "first", 0.0).id, Refusal(kind, ""), 0.0)
    assert isinstance(effect, Closed)
    assert effect.reason == kind.value
    assert isinstance(pool.poll("x", pool.request("x", WISH), 1.0), Refused)


def test_a_reason_that_several_have_in_common_is_told_once() -> None:
    pool = pool_of("a", "b", "c")
    for reason in ("no", "never", "no"):
        lease = granted(pool, "x", 0.0)
        pool.settle("x", lease.id, Refusal(RefusalKind.CREDENTIAL, reason), 0.0)
    why = "Every credential for 'p' is closed (a, c: no; b: never)"
    assert pool.poll("x", pool.request("x", WISH), 0.0) == Refused(why)
