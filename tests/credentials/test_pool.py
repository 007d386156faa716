import math
import random
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agentos.core.calls import (
    LONGEST_REST,
    Answer,
    Lease,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalKind,
    Usage,
    Wish,
)
from agentos.core.credentials import Credential, RateLimits
from agentos.core.errors import ConfigError
from agentos.credentials.answers import (
    Cause,
    Closed,
    CoolingDown,
    Effect,
    Lapsed,
    Refused,
    TakesFewer,
    Waiting,
    Why,
)
from agentos.credentials.hopes import UNKNOWN_REST, Hope, Ticket
from agentos.credentials.pool import CredentialPool
from agentos.credentials.rest_length import FIRST_BACKOFF, SHORTEST_REST


def wish(provider: str) -> Wish:
    return Wish(provider, f"{provider}/m", Usage())


P, Q = wish("p"), wish("q")


def limited(seconds: float | None = None) -> Refusal:
    return Refusal(RefusalKind.RATE_LIMITED, "slow down", LimitHint(seconds))


def used_up(reset_after: float | None, scope: LimitScope = LimitScope.TOKENS) -> Limit:
    return Limit(scope, remaining=0, reset_after=reset_after)


def pool_of(*credentials: Credential, default_slots: int = 1) -> CredentialPool:
    return CredentialPool(credentials, default_slots=default_slots, jitter=lambda: 1.0)


def granted(pool: CredentialPool, owner: str | None, now: float = 0.0) -> Lease:
    lease = pool.poll(owner, pool.request(owner, P), now)
    assert isinstance(lease, Lease)
    return lease


def test_a_lease_carries_name_and_secret_and_its_ticket_is_its_id() -> None:
    pool = pool_of(Credential("a", "s3cret"))
    ticket = pool.request("o", P)
    assert pool.poll("o", ticket, 0.0) == Lease(ticket, "a", "s3cret", quota="a")


def test_a_granted_ticket_gets_the_same_lease_again_until_it_is_settled() -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    assert pool.poll("o", lease.id, 5.0) is lease
    pool.settle("o", lease.id, None, 6.0)
    assert pool.poll("o", lease.id, 7.0) == Refused("There is no such ticket")


def test_slots_come_from_the_credential_or_the_default() -> None:
    pool = pool_of(Credential("a", None, max_concurrent=2), Credential("b", None), default_slots=3)
    assert pool.open_slots() == 5
    for _ in range(5):
        granted(pool, "o")
    assert pool.poll("o", pool.request("o", P), 0.0) == Waiting(Why.SLOT)


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        ([Credential("a", "x"), Credential("a", "y")], "Two credentials are called 'a'"),
        ([Credential("a", "x", max_concurrent=0)], "allows 0 calls"),
    ],
)
def test_what_cannot_be_a_pool(credentials: list[Credential], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        CredentialPool(credentials)


def test_an_owner_keeps_its_credential_while_it_is_free() -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    first = granted(pool, "o")
    pool.settle("o", first.id, None, 0.0)
    assert granted(pool, "o").credential == first.credential
    assert granted(pool, "o").credential != first.credential


def test_nobody_in_particular_goes_round() -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    names = []
    for _ in range(4):
        lease = granted(pool, None)
        names.append(lease.credential)
        pool.settle(None, lease.id, None, 0.0)
    assert names == ["a", "b", "a", "b"]


def test_a_credential_of_the_provider_goes_before_one_that_serves_all() -> None:
    pool = pool_of(Credential("any", None), Credential("mine", None, provider="p"))
    assert granted(pool, "o").credential == "mine"
    assert granted(pool, "o").credential == "any"


def test_a_later_ticket_takes_what_no_earlier_one_could_use() -> None:
    pool = pool_of(Credential("a", None, provider="p"), Credential("b", None, provider="q"))
    granted(pool, "x")
    early = pool.request("y", P)
    late = pool.request("z", Q)
    assert isinstance(pool.poll("z", late, 0.0), Lease)
    assert isinstance(pool.poll("y", early, 0.0), Waiting)


def test_a_later_ticket_does_not_overtake() -> None:
    pool = pool_of(Credential("a", None))
    early, late = pool.request("x", P), pool.request("y", P)
    assert pool.poll("y", late, 0.0) == Waiting(Why.SLOT)
    assert isinstance(pool.poll("x", early, 0.0), Lease)


@pytest.mark.parametrize(("given_seconds", "seconds"), [(7.0, 7.0), (None, FIRST_BACKOFF)])
def test_a_rate_limit_cools(given_seconds: float | None, seconds: float) -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    effect = pool.settle("o", lease.id, limited(given_seconds), 100.0)
    assert effect == CoolingDown("a", seconds)
    ticket = pool.request("o", P)
    back = 100.0 + seconds
    assert pool.poll("o", ticket, 100.0) == Waiting(Why.COOLDOWN, back)
    assert isinstance(pool.poll("o", ticket, math.nextafter(back, 0)), Waiting)
    assert pool.open_slots() == 1
    assert isinstance(pool.poll("o", ticket, back), Lease)


@pytest.mark.parametrize("seconds", [0.0, SHORTEST_REST / 2])
def test_after_a_rate_limit_no_owner_calls_again_at_once(seconds: float) -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    effect = pool.settle("o", lease.id, limited(seconds), 100.0)
    assert isinstance(effect, CoolingDown)
    assert effect.seconds == pytest.approx(SHORTEST_REST)
    ticket = pool.request("o", P)
    back = 100.0 + SHORTEST_REST
    assert isinstance(pool.poll("o", ticket, math.nextafter(back, 0)), Waiting)
    assert isinstance(pool.poll("o", ticket, back), Lease)


def test_a_step_up_that_is_refused_is_told_as_that_and_rests_nobody() -> None:
    pool = pool_of(Credential("a", "s3cret"), default_slots=16)
    effects: list[Effect | None] = []
    now = 0.0
    for _ in range(30):
        leases: list[str] = []
        while len(leases) <= 8:
            ticket = pool.request("o", P)
            answer = pool.poll("o", ticket, now)
            while isinstance(answer, Waiting) and answer.until is not None:
                now = answer.until
                answer = pool.poll("o", ticket, now)
            if not isinstance(answer, Lease):
                pool.cancel("o", ticket, now)
                break
            leases.append(ticket)
        now += 1.0
        for number, lease_id in enumerate(leases, start=1):
            result = limited() if number > 8 else Answer("", "p/m")
            effects.append(pool.settle("o", lease_id, result, now))
    told = [effect for effect in effects if effect is not None]
    assert TakesFewer("a", 8) in told
    assert not [one for one in told if isinstance(one, CoolingDown) and not one.seconds]


def test_who_uses_the_library_says_how_long_a_rest_is() -> None:
    pool = pool_of(Credential("a", None))
    for _ in range(3):
        lease = pool.poll(None, pool.request(None, None), 100.0)
        assert isinstance(lease, Lease)
        assert pool.settle(None, lease.id, limited(0.0), 100.0) == CoolingDown("a", 0.0)


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        (LimitHint(None, (used_up(12.0), used_up(30.0))), 30.0),
        (LimitHint(5.0, (used_up(30.0),)), 5.0),  # what is said of this call counts before
        (LimitHint(None, (used_up(0.02),)), SHORTEST_REST),
        (LimitHint(None, (used_up(None),)), FIRST_BACKOFF),
        (LimitHint(None, (Limit(LimitScope.TOKENS, 10, 1, 30.0),)), FIRST_BACKOFF),
    ],
)
def test_a_rate_limit_rests_until_what_is_used_up_is_renewed(
    hint: LimitHint, seconds: float
) -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    refusal = Refusal(RefusalKind.RATE_LIMITED, "slow down", hint)
    effect = pool.settle("o", lease.id, refusal, 100.0)
    assert isinstance(effect, CoolingDown)
    assert effect.seconds == pytest.approx(seconds)
    pool.request("o", P)
    assert pool.next_wake_up(100.0) == 100.0 + seconds


def test_a_shorter_cooldown_does_not_cut_a_longer_one() -> None:
    pool = pool_of(Credential("a", None, max_concurrent=2))
    first, second = granted(pool, "o"), granted(pool, "o")
    pool.settle("o", first.id, limited(50.0), 0.0)
    assert pool.settle("o", second.id, limited(1.0), 10.0) == CoolingDown("a", 40.0)
    pool.request("o", P)
    assert pool.next_wake_up(10.0) == 50.0


def test_a_pause_ends_with_the_first_credential_that_could_serve() -> None:
    pool = pool_of(*(Credential(name, None, provider=name[0]) for name in ("p1", "p2", "q")))
    q = pool.poll("o", pool.request("o", Q), 0.0)
    assert isinstance(q, Lease)
    first, second = granted(pool, "o"), granted(pool, "o")
    pool.settle("o", q.id, limited(5.0), 0.0)
    pool.settle("o", first.id, limited(20.0), 0.0)
    ticket = pool.request("o", P)
    assert pool.poll("o", ticket, 0.0) == Waiting(Why.SLOT, 20.0, "p/m")
    pool.settle("o", second.id, limited(30.0), 0.0)
    assert pool.poll("o", ticket, 0.0) == Waiting(Why.COOLDOWN, 20.0, "p/m")


def answer(*limits: Limit) -> Answer:
    return Answer("text", "p/m", hint=LimitHint(limits=limits))


def test_an_answer_that_used_up_a_limit_cools_its_credential_down_until_that_is_renewed() -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    lease = granted(pool, "o")
    limits = (used_up(12.0), used_up(30.0, LimitScope.REQUESTS))
    effect = pool.settle("o", lease.id, answer(*limits), 100.0)
    assert effect == CoolingDown("a", 30.0, Cause.USED_UP)
    assert granted(pool, "o", 129.0).credential == "b"
    assert granted(pool, "o", 130.0).credential == "a"


@pytest.mark.parametrize(
    "limits",
    [
        (),
        (Limit(LimitScope.TOKENS),),
        (Limit(LimitScope.TOKENS, limit=10, remaining=1, reset_after=60.0),),
        (Limit(LimitScope.TOKENS, limit=10, remaining=None, reset_after=60.0),),
        (used_up(None),),
        (used_up(0.0),),
    ],
)
def test_an_answer_that_left_something_cools_nothing(limits: tuple[Limit, ...]) -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    assert pool.settle("o", lease.id, answer(*limits), 0.0) is None
    assert granted(pool, "o").credential == "a"


def test_a_used_up_limit_only_lets_a_cooldown_grow() -> None:
    pool = pool_of(Credential("a", None, max_concurrent=4))
    first, second, third, fourth = (granted(pool, "o") for _ in range(4))
    pool.settle("o", first.id, limited(9.0), 0.0)
    assert pool.settle("o", second.id, answer(used_up(5.0)), 3.0) is None
    pool.request("o", P)
    assert pool.next_wake_up(3.0) == 9.0
    effect = pool.settle("o", third.id, answer(used_up(60.0)), 3.0)
    assert effect == CoolingDown("a", 60.0, Cause.USED_UP)
    assert pool.settle("o", fourth.id, limited(5.0), 20.0) == CoolingDown("a", 43.0)


def test_a_refusal_for_another_reason_may_have_used_up_a_limit_too() -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    hint = LimitHint(99.0, (used_up(60.0),))
    lease = granted(pool, "o")
    effect = pool.settle("o", lease.id, Refusal(RefusalKind.TRANSIENT, "cut", hint), 0.0)
    assert effect == CoolingDown("a", 60.0, Cause.USED_UP)
    assert granted(pool, "o", 59.0).credential == "b"
    assert granted(pool, "o", 60.0).credential == "a"


def test_a_closed_credential_does_not_cool_down() -> None:
    pool = pool_of(Credential("a", None, max_concurrent=2))
    first, second = granted(pool, "o"), granted(pool, "o")
    pool.settle("o", first.id, Refusal(RefusalKind.CREDENTIAL, "no"), 0.0)
    assert pool.settle("o", second.id, answer(used_up(60.0)), 0.0) is None
    assert pool.next_wake_up(0.0) is None


@pytest.mark.parametrize(
    ("wished", "seconds"), [(99.0, 99.0), (0.0, SHORTEST_REST), (None, FIRST_BACKOFF)]
)
def test_an_overloaded_provider_is_given_a_rest(wished: float | None, seconds: float) -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    overloaded = Refusal(RefusalKind.OVERLOADED, "busy", LimitHint(wished))
    effect = pool.settle("o", granted(pool, "o").id, overloaded, 10.0)
    assert isinstance(effect, CoolingDown)
    assert effect.cause is Cause.OVERLOADED
    assert effect.seconds == pytest.approx(seconds)
    assert granted(pool, "o", 10.0).credential == "b"
    assert granted(pool, "o", 10.0 + seconds).credential == "a"


@pytest.mark.parametrize("kind", [RefusalKind.TRANSIENT, RefusalKind.REQUEST, RefusalKind.EMPTY])
def test_other_refusals_only_free_the_slot(kind: RefusalKind) -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    assert pool.settle("o", lease.id, Refusal(kind, "no", LimitHint(99.0)), 0.0) is None
    assert granted(pool, "o").credential == "a"


def test_a_refused_credential_is_closed_and_its_reason_masked() -> None:
    pool = pool_of(Credential("a", "s3cret", max_concurrent=2))
    first, second = granted(pool, "o"), granted(pool, "o")
    waiting = pool.request("o", P)
    refusal = Refusal(RefusalKind.CREDENTIAL, "bad key s3cret")
    assert pool.settle("o", first.id, refusal, 0.0) == Closed("a", "bad key ***")
    assert pool.settle("o", second.id, refusal, 0.0) is None
    assert pool.open_slots() == 0
    assert pool.poll("o", waiting, 0.0) == Refused(
        "Every credential for 'p' is closed (a: bad key ***)"
    )
    assert not pool.anyone_waiting
    assert pool.poll("o", waiting, 0.0) == pool.poll("o", waiting, 9.0)


TERM = 60.0


def look_until(pool: CredentialPool, now: float, since: float = 0.0) -> list[Lapsed]:
    """As often as whoever waits does."""
    lapsed = []
    while since < now:
        since = min(now, since + 20.0)
        lapsed += pool.lapse(since)
    return lapsed


def pool_with_a_term(*names: str) -> CredentialPool:
    pool = CredentialPool([Credential(name, None) for name in names], lease_term=TERM)
    pool.lapse(0.0)
    return pool


def test_what_a_silent_owner_holds_goes_to_others() -> None:
    pool = pool_with_a_term("a")
    granted(pool, "silent")
    waiting = pool.request("o", P)
    assert look_until(pool, TERM - 1.0) == []
    pool.renew("o")
    assert isinstance(pool.poll("o", waiting, TERM - 1.0), Waiting)
    assert look_until(pool, TERM, TERM - 1.0) == [Lapsed("silent", "a")]
    assert isinstance(pool.poll("o", waiting, TERM), Lease)
    assert look_until(pool, TERM + 20.0, TERM) == []


def test_a_lease_that_is_renewed_lasts() -> None:
    pool = pool_with_a_term("a")
    granted(pool, "o")
    for now in range(30, 600, 30):
        assert look_until(pool, float(now), now - 30.0) == []
        pool.renew("o")


def test_nobody_is_silent_while_nobody_listens() -> None:
    pool = pool_with_a_term("a")
    granted(pool, "o")
    assert pool.lapse(3600.0) == []  # the supervisor itself was suspended
    assert look_until(pool, 3629.0, 3600.0) == []


def test_nobody_in_particular_holds_on() -> None:
    pool = pool_with_a_term("a")
    granted(pool, None)
    assert look_until(pool, 3600.0) == []


def test_a_call_of_a_silent_owner_may_still_end() -> None:
    pool = pool_with_a_term("a", "b")
    late, other = granted(pool, "silent"), granted(pool, "silent")
    look_until(pool, TERM)
    assert [granted(pool, "o", TERM).credential for _ in "12"] == ["a", "b"]
    assert pool.settle("silent", late.id, limited(9.0), TERM) is None
    refused = Refusal(RefusalKind.CREDENTIAL, "no")
    assert pool.settle("silent", other.id, refused, TERM) == Closed("b", "no")
    assert isinstance(pool.poll("o", pool.request("o", P), TERM), Waiting)


def test_who_falls_silent_twice_gives_up_one_slot_once() -> None:
    pool = pool_with_a_term("a")
    granted(pool, "suspended")
    assert look_until(pool, TERM) == [Lapsed("suspended", "a")]
    pool.renew("suspended")
    assert look_until(pool, 2 * TERM, TERM) == []
    granted(pool, "o", 2 * TERM)
    assert isinstance(pool.poll("x", pool.request("x", P), 2 * TERM), Waiting)


def test_a_wish_that_was_granted_unheard_has_its_place_again() -> None:
    pool = pool_with_a_term("a")
    first = granted(pool, "x")
    wanted, later = pool.request("silent", P), pool.request("o", P)
    assert isinstance(pool.poll("o", later, 0.0), Waiting)
    pool.settle("x", first.id, None, 0.0)
    assert isinstance(pool.poll("o", later, 0.0), Waiting)
    for now in (20.0, 40.0, TERM):
        pool.renew("o")
        pool.lapse(now)
    passed = pool.poll("o", later, TERM)
    assert isinstance(passed, Lease)
    assert isinstance(pool.poll("silent", wanted, TERM), Waiting)
    pool.settle("o", passed.id, None, TERM)
    last = pool.request("o", P)
    assert isinstance(pool.poll("o", last, TERM), Waiting)
    assert isinstance(pool.poll("silent", wanted, TERM), Lease)


def shared(*names: str, **limits: int) -> list[Credential]:
    return [Credential(n, "s3cret", quota="org", limits=RateLimits(**limits)) for n in names]


def test_credentials_of_one_quota_share_its_limits() -> None:
    pool = pool_of(*shared("a", "b", rpm=6), default_slots=9)
    granted(pool, "o")
    waiting = pool.poll("o", pool.request("o", P), 0.0)
    assert isinstance(waiting, Waiting)
    assert waiting.why is Why.RATE
    assert waiting.until == pytest.approx(10.0, rel=0.1)


def test_credentials_of_one_quota_share_its_slots_and_cooldowns() -> None:
    pool = pool_of(*shared("a", "b"), default_slots=1)
    lease = granted(pool, "o")
    assert pool.poll("o", pool.request("o", P), 0.0) == Waiting(Why.SLOT)
    pool.take_back("o", 0.0)
    lease = granted(pool, "o")
    pool.settle("o", lease.id, limited(9.0), 0.0)
    assert pool.poll("o", pool.request("o", P), 0.0) == Waiting(Why.COOLDOWN, 9.0)


def test_a_rate_limit_of_one_model_leaves_the_others_alone() -> None:
    pool = pool_of(Credential("a", "s3cret"))
    pool.settle("o", granted(pool, "o").id, limited(9.0), 0.0)
    other = pool.poll("o", pool.request("o", Wish("p", "p/other", Usage())), 0.0)
    assert isinstance(other, Lease)


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        (RefusalKind.CREDENTIAL, {("b", "p/m"), ("b", "p/other"), ("c", "p/m"), ("c", "p/other")}),
        (RefusalKind.ACCOUNT, {("c", "p/m"), ("c", "p/other")}),
        (
            RefusalKind.DAILY_QUOTA,
            {("a", "p/other"), ("b", "p/other"), ("c", "p/m"), ("c", "p/other")},
        ),
    ],
)
def test_a_terminal_answer_closes_what_it_is_about_and_nothing_else(
    kind: RefusalKind, left: set[tuple[str, str]]
) -> None:
    pool = pool_of(*shared("a", "b"), Credential("c", "other"), default_slots=4)
    lease = granted(pool, "first")
    assert lease.credential == "a"
    seconds = UNKNOWN_REST if kind is RefusalKind.DAILY_QUOTA else None
    closed = Closed("a", "no", seconds)
    assert pool.settle("first", lease.id, Refusal(kind, "no"), 0.0) == closed
    found = set()
    for model in ("p/m", "p/other"):
        for number in range(6):
            owner = f"{model}-{number}"
            one = pool.poll(owner, pool.request(owner, Wish("p", model, Usage())), 0.0)
            if isinstance(one, Lease):
                found.add((one.credential, model))
                pool.settle(owner, one.id, Answer("", model), 0.0)
    assert found == left


def test_no_small_call_goes_before_a_large_one_that_waits_for_tokens() -> None:
    limits = RateLimits(input_tpm=6000)
    pool = pool_of(Credential("a", "s3cret", max_concurrent=9, limits=limits))
    large, small = Wish("p", "p/m", Usage(2000)), Wish("p", "p/m", Usage(20))
    assert isinstance(pool.poll("x", pool.request("x", large), 0.0), Lease)
    first = pool.request("x", large)
    second = pool.request("y", small)
    assert isinstance(pool.poll("x", first, 0.0), Waiting)
    assert isinstance(pool.poll("y", second, 0.0), Waiting)
    back = pool.next_wake_up(0.0)
    assert back is not None
    assert isinstance(pool.poll("y", second, back), Waiting)
    assert isinstance(pool.poll("x", first, back), Lease)


def test_a_simulated_rate_limit_rests_and_teaches_nothing() -> None:
    pool = CredentialPool([Credential("a", "s3cret")], simulate_rate_limits=True)
    now = 0.0
    for _ in range(100):
        lease = pool.poll("o", pool.request("o", P), now)
        assert isinstance(lease, Lease)
        result = limited(1.0) if lease.simulate_rate_limit else Answer("", "p/m")
        pool.settle("o", lease.id, result, now)
        now += 1.0 if lease.simulate_rate_limit else 0.0
    assert now == 20.0


def test_that_somebody_was_served_is_news_once() -> None:
    pool = pool_of(Credential("a", None, "p"))
    early, late = pool.request("x", P), pool.request("y", P)
    assert not pool.take_news()
    assert isinstance(pool.poll("y", late, 0.0), Waiting)
    assert [pool.take_news(), pool.take_news()] == [True, False]  # the other one was granted it
    assert isinstance(pool.poll("x", early, 0.0), Lease)
    assert not pool.take_news()
    pool.poll("z", pool.request("z", Q), 0.0)
    assert pool.take_news()


@pytest.mark.parametrize("kind", [*RefusalKind, None])
@pytest.mark.parametrize("hint", [LimitHint(1e300), LimitHint(None, (used_up(math.inf),))])
def test_no_rest_is_longer_than_a_year(kind: RefusalKind | None, hint: LimitHint) -> None:
    pool = pool_of(Credential("a", "s3cret", max_concurrent=9))
    result = Answer("", "m", None, hint) if kind is None else Refusal(kind, "no", hint)
    pool.settle("o", granted(pool, "o").id, result, 0.0)
    assert all(rest.seconds <= LONGEST_REST for rest in pool.resting(0.0))


def test_a_provider_that_nobody_serves_is_refused() -> None:
    pool = pool_of(Credential("a", None, provider="q"))
    assert pool.poll("o", pool.request("o", P), 0.0) == Refused("There is no credential for 'p'")
    empty = pool_of()
    assert empty.poll(None, empty.request(None, None), 0.0) == Refused("There is no credential")


def test_who_was_refused_is_refused_again_with_the_same_reason() -> None:
    pool = pool_of(Credential("a", None, "p"))
    ticket = pool.request("o", Q)
    refused = pool.poll("o", ticket, 0.0)
    assert refused == Refused("There is no credential for 'q'")
    assert pool.poll("o", ticket, 9.0) == refused
    pool.cancel("o", ticket, 0.0)
    assert pool.poll("o", ticket, 9.0) == Refused("There is no such ticket")


def test_a_stranger_can_neither_poll_settle_nor_cancel() -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    ticket = pool.request("o", P)
    refusal = Refusal(RefusalKind.CREDENTIAL, "mine now")
    assert pool.settle("thief", lease.id, refusal, 0.0) is None
    assert pool.settle("o", "unknown", refusal, 0.0) is None
    pool.cancel("thief", ticket, 0.0)
    assert isinstance(pool.poll("thief", lease.id, 0.0), Refused)
    assert isinstance(pool.poll("thief", ticket, 0.0), Refused)
    assert isinstance(pool.poll("o", ticket, 0.0), Waiting)


def test_cancelling_gives_up_the_place() -> None:
    pool = pool_of(Credential("a", None))
    lease = granted(pool, "o")
    ticket = pool.request("o", P)
    pool.cancel("o", ticket, 0.0)
    assert not pool.anyone_waiting
    assert pool.poll("o", lease.id, 0.0) is lease


def test_cancelling_frees_what_was_granted_meanwhile() -> None:
    pool = pool_of(Credential("a", None))
    early, late = pool.request("x", P), pool.request("y", P)
    assert isinstance(pool.poll("y", late, 0.0), Waiting)
    pool.cancel("stranger", early, 0.0)
    assert isinstance(pool.poll("y", late, 0.0), Waiting)
    pool.cancel("x", early, 0.0)
    assert isinstance(pool.poll("y", late, 0.0), Lease)


def test_taking_back_frees_leases_and_places_of_that_owner_only() -> None:
    pool = pool_of(Credential("a", None), Credential("b", None))
    gone, stays = granted(pool, "gone"), granted(pool, "stays")
    early, late = pool.request("gone", P), pool.request("late", P)
    pool.take_back("gone", 0.0)
    assert isinstance(pool.poll("gone", early, 0.0), Refused)
    assert isinstance(pool.poll("gone", gone.id, 0.0), Refused)
    assert pool.poll("stays", stays.id, 0.0) is stays
    lease = pool.poll("late", late, 0.0)
    assert isinstance(lease, Lease)
    assert lease.credential == gone.credential


def test_the_first_and_every_fifth_lease_of_a_credential_simulates_a_rate_limit() -> None:
    names = ("a", "b")
    pool = CredentialPool(
        [Credential(n, None, provider=n) for n in names], simulate_rate_limits=True
    )
    for name in names:
        flags = []
        for _ in range(12):
            lease = pool.poll("o", pool.request("o", wish(name)), 0.0)
            assert isinstance(lease, Lease)
            flags.append(lease.simulate_rate_limit)
            pool.settle("o", lease.id, None, 0.0)
        assert [n for n, flag in enumerate(flags, start=1) if flag] == [1, 6, 11]


def test_no_repr_shows_a_secret() -> None:
    pool = pool_of(Credential("a", "s3cret"))
    lease = granted(pool, "o")
    assert "s3cret" not in f"{pool!r} {lease!r} {vars(pool)!r}"


CREDENTIALS = st.lists(
    st.builds(
        Credential,
        name=st.sampled_from("abcd"),
        secret=st.sampled_from([None, "s3cret"]),
        provider=st.sampled_from([None, "p", "q"]),
        max_concurrent=st.sampled_from([None, 1, 2, 3]),
        quota=st.sampled_from(["", "", "shared"]),
        limits=st.sampled_from([RateLimits(), RateLimits(rpm=30), RateLimits(tpm=6000)]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda credential: credential.name,
)
OWNERS = st.sampled_from(["x", "y", "z"])
TOKENS = st.sampled_from([0, 40, 3000])
WISHES = st.builds(
    lambda provider, read, written: Wish(provider, f"{provider}/m", Usage(read, written)),
    st.sampled_from("pq"),
    TOKENS,
    TOKENS,
)
SECONDS = st.none() | st.integers(0, 100).map(float)
LIMITS = st.builds(
    Limit,
    st.just(LimitScope.TOKENS),
    limit=st.sampled_from([None, 3000]),
    remaining=st.integers(0, 1),
    reset_after=SECONDS,
)


def refusals(*kinds: RefusalKind) -> st.SearchStrategy[Refusal]:
    hints = st.builds(LimitHint, SECONDS, st.lists(LIMITS, max_size=2).map(tuple))
    return st.builds(Refusal, st.sampled_from(kinds), st.just("because"), hints)


RESULTS = st.one_of(
    st.none(),
    st.builds(answer, LIMITS, LIMITS),
    st.builds(Answer, st.just("text"), st.just("p/m"), st.builds(Usage, TOKENS, TOKENS)),
    refusals(*RefusalKind),
)
RESTS = st.one_of(  # of calls that went out together
    [
        st.lists(refusals(kind), min_size=2, max_size=6)
        for kind in (RefusalKind.RATE_LIMITED, RefusalKind.OVERLOADED, RefusalKind.DAILY_QUOTA)
    ]
)


class Machine(RuleBasedStateMachine):
    """The pool against a second book of what is out, kept by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tickets: dict[str, tuple[str, Wish]] = {}
        self.leases: dict[str, tuple[str, Wish, Lease]] = {}
        self.cooldowns: dict[tuple[str, str], float] = {}  # of quota and provider
        self.closed: set[str] = set()  # credentials
        self.ends: dict[tuple[str, str], tuple[float, float]] = {}  # of rest and closure, as seen
        self.jitter = random.Random(1)

    @initialize(credentials=CREDENTIALS, default_slots=st.integers(1, 6))
    def open(self, credentials: list[Credential], default_slots: int) -> None:
        self.credentials = {c.name: c for c in credentials}
        self.slots: dict[str, int] = {}
        for one in credentials:
            if one.max_concurrent is not None:
                said = self.slots.get(one.domain_name, one.max_concurrent)
                self.slots[one.domain_name] = min(said, one.max_concurrent)
        for one in credentials:
            self.slots.setdefault(one.domain_name, default_slots)
        self.pool = CredentialPool(
            credentials, default_slots=default_slots, lease_term=TERM, jitter=self.jitter.random
        )

    def serves(self, name: str, provider: str) -> bool:
        return self.credentials[name].provider in (None, provider)

    def domain_of(self, lease: Lease, provider: str) -> tuple[str, str]:
        return self.credentials[lease.credential].domain_name, provider

    @rule(owner=OWNERS, wishes=st.lists(WISHES, min_size=1, max_size=6), is_polled=st.booleans())
    def request(self, owner: str, wishes: list[Wish], is_polled: bool) -> None:
        for wanted in wishes:
            self.tickets[self.pool.request(owner, wanted)] = (owner, wanted)
        if is_polled:
            self.poll_one(next(reversed(self.tickets)))

    @precondition(lambda self: self.tickets)
    @rule(data=st.data())
    def poll(self, data: st.DataObject) -> None:
        self.poll_one(data.draw(st.sampled_from(list(self.tickets))))

    def poll_one(self, ticket: str) -> None:
        owner, wanted = self.tickets[ticket]
        answer = self.pool.poll(owner, ticket, self.now)
        self.note_grants()
        if isinstance(answer, Lease):
            assert self.leases[ticket] == (owner, wanted, answer)
        elif isinstance(answer, Refused):
            assert all(hope.closed_at(self.now) for hope in self.hopes(wanted.provider))
        else:
            assert answer.until is None or answer.until > self.now

    def hopes(self, provider: str) -> list[Hope]:
        return self.pool._stock.hopes(Ticket(None, wish(provider)), self.now)

    def note_grants(self) -> None:
        """Enter what was granted, in the queue's order: nobody was overtaken, nobody forgotten."""
        passed_over: list[str] = []
        for ticket, (owner, wanted) in list(self.tickets.items()):
            provider = wanted.provider
            if (owner, ticket) in self.pool._refused:
                assert all(hope.closed_at(self.now) for hope in self.hopes(provider))
                del self.tickets[ticket]
                continue
            if owner in self.pool._silence:
                assert ticket not in self.pool._loans
                continue
            if ticket not in self.pool._loans:
                ready = [hope.ready_at(wanted.bound, self.now) for hope in self.hopes(provider)]
                assert provider in passed_over or all(at > self.now for at in ready)
                passed_over.append(provider)
                continue
            lease = self.pool._loans[ticket].lease
            assert self.serves(lease.credential, provider)
            assert lease.credential not in self.closed
            assert self.cooldowns.get(self.domain_of(lease, provider), -math.inf) <= self.now
            assert provider not in passed_over
            del self.tickets[ticket]
            self.leases[ticket] = (owner, wanted, lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), results=st.lists(RESULTS, min_size=1, max_size=6) | RESTS)
    def settle(self, data: st.DataObject, results: list[Answer | Refusal | None]) -> None:
        for result in results[: len(self.leases)]:
            self.settle_one(data.draw(st.sampled_from(list(self.leases))), result)
            self.no_rest_and_no_closure_gets_shorter()

    def settle_one(self, lease_id: str, result: Answer | Refusal | None) -> None:
        owner, wanted, lease = self.leases.pop(lease_id)
        effect = self.pool.settle(owner, lease_id, result, self.now)
        assert self.pool.settle(owner, lease_id, result, self.now) is None
        if isinstance(effect, CoolingDown):
            until = self.now + effect.seconds
            domain = self.domain_of(lease, wanted.provider)
            assert until >= self.cooldowns.get(domain, -math.inf)
            is_refused = isinstance(result, Refusal) and result.kind is RefusalKind.RATE_LIMITED
            assert (effect.cause is Cause.REFUSED) == is_refused
            self.cooldowns[domain] = until
        elif isinstance(effect, Closed):
            assert effect.credential == lease.credential
            assert isinstance(result, Refusal)
            if result.kind is RefusalKind.CREDENTIAL:
                self.closed.add(lease.credential)

    @precondition(lambda self: self.tickets or self.leases)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from([*self.tickets, *self.leases]))
        owner = (self.tickets | self.leases)[ticket][0]
        self.pool.cancel(owner, ticket, self.now)
        self.tickets.pop(ticket, None)
        self.leases.pop(ticket, None)
        assert isinstance(self.pool.poll(owner, ticket, self.now), Refused)
        self.note_grants()

    @rule(owner=OWNERS)
    def take_back(self, owner: str) -> None:
        self.pool.take_back(owner, self.now)
        self.tickets = {t: w for t, w in self.tickets.items() if w[0] != owner}
        self.leases = {i: held for i, held in self.leases.items() if held[0] != owner}

    @rule(quarters=st.integers(-4000, 280) | st.just(400_000))
    def let_the_clock_jump(self, quarters: int) -> None:
        """Ahead a day among others, and back; sums of quarters are exact."""
        self.now += quarters / 4

    @rule(owner=OWNERS)
    def renew(self, owner: str) -> None:
        self.pool.renew(owner)

    @rule()
    def look_for_silence(self) -> None:
        for lapsed in self.pool.lapse(self.now):
            assert lapsed.owner in {owner for owner, _, _ in self.leases.values()}
        for ticket in set(self.leases) - set(self.pool._loans):
            owner, wanted, _ = self.leases.pop(ticket)
            assert owner in self.pool._silence
            self.tickets[ticket] = owner, wanted
        self.tickets = dict(sorted(self.tickets.items(), key=lambda one: int(one[0])))

    @invariant()
    def no_quota_lends_more_than_its_slots(self) -> None:
        out = Counter(
            self.credentials[held[2].credential].domain_name
            for lease_id, held in self.leases.items()
            if not self.pool._loans[lease_id].has_lapsed
        )
        assert all(out[name] <= self.slots[name] for name in out)
        assert {one.name: one.in_use for one in self.pool._stock.accounts} == {
            one.name: out[one.name] for one in self.pool._stock.accounts
        }

    @invariant()
    def the_queue_is_what_was_neither_granted_nor_refused(self) -> None:
        assert self.pool.anyone_waiting == bool(self.tickets)

    @invariant()
    def no_rest_and_no_closure_gets_shorter(self) -> None:
        for account in self.pool._stock.accounts:
            for model, domain in account.domains.items():
                rests, closed = self.ends.get((account.name, model), (-math.inf, -math.inf))
                assert domain.cooldown_until >= rests
                assert domain.closed_until >= closed
                self.ends[account.name, model] = domain.cooldown_until, domain.closed_until

    def serve_all_that_wait(self) -> None:
        """No deadlock: once all is given back the queue empties, in the time that it names."""
        for owner in ("x", "y", "z"):
            self.pool.renew(owner)
        for _ in range(4 * len(self.tickets)):
            at = self.pool.next_wake_up(self.now)
            self.note_grants()
            for lease_id, (owner, _, _) in self.leases.items():
                self.pool.settle(owner, lease_id, None, self.now)
            if self.leases:
                self.leases.clear()
            elif self.tickets:
                assert at is not None
                self.now = max(self.now, at)
        assert not self.tickets

    def teardown(self) -> None:
        for lease_id, (owner, _, _) in self.leases.items():
            self.pool.settle(owner, lease_id, None, self.now)
        self.leases.clear()
        self.serve_all_that_wait()
        for owner in ("x", "y", "z"):
            self.pool.take_back(owner, self.now)
        assert not self.pool.anyone_waiting
        self.now += 1e6
        for provider in "pq":  # no credential is lost: all that is open serves again
            for hope in self.hopes(provider):
                for most in (Usage(), Usage(3000, 3000)):
                    assert (
                        hope.closed_at(self.now) is not None
                        or hope.ready_at(most, self.now) <= self.now
                    )


Machine.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestPool = Machine.TestCase
