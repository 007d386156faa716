import builtins
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from agentos.core.calls import (
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
from agentos.core.credentials import Credential, RateLimits, Rest
from agentos.core.errors import ConfigError
from agentos.core.prices import Cost
from agentos.credentials.answers import Closed, Effect, Refused, TakesFewer, Waiting
from agentos.credentials.budget import Budget
from agentos.credentials.silence import Silence
from agentos.workflows.parallel.credential_coordinator import CredentialCoordinator
from agentos.workflows.parallel.pool_sentences import of_effect

EXHAUSTED = "[COORDINATOR] Credential pool exhausted..."
P = Wish("p", "p/m", Usage())
ANSWER = Answer("text", "model")
DEAD = Refusal(RefusalKind.CREDENTIAL, "invalid key")


def call_of(tokens: int) -> Wish:
    return Wish("p", "p/m", Usage(tokens, 0))


def limited(seconds: float) -> Refusal:
    return Refusal(RefusalKind.RATE_LIMITED, "", LimitHint(seconds))


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Sleeper(threading.Condition):
    """Waiting takes no time: the clock jumps, and what the test has planned happens meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.slept: list[float | None] = []
        self.woken = 0
        self.meanwhile: list[Callable[[], object]] = []

    def notify_all(self) -> None:
        self.woken += 1
        super().notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        self.slept.append(timeout)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        else:
            assert timeout is not None
            self.now += timeout
        return True


class Stage:
    """A coordinator on a clock of the test's own, and all that it said."""

    def __init__(
        self,
        *credentials: str | Credential,
        budget: Budget | None = None,
        recalled: Sequence[Rest] = (),
        remember: Callable[[Sequence[Rest]], None] | None = None,
    ) -> None:
        self.said: list[str] = []
        self.sleeper = Sleeper()
        self.pool = CredentialCoordinator(
            credentials,
            notify=self.said.append,
            clock=lambda: self.sleeper.now,
            now=lambda: NOON + timedelta(seconds=self.sleeper.now),
            budget=budget,
            recalled=recalled,
            remember=remember,
        )
        self.pool._changed = self.sleeper

    def lease(self, owner: str = "o", wanted: Wish = P) -> Lease:
        answer = self.pool.wait(owner, self.pool.request(owner, wanted), 0)
        assert isinstance(answer, Lease)
        return answer


class TestLibraryForm:
    def test_the_very_object_comes_back(self) -> None:
        secret = str(b"s3cret", "ascii")
        credential = Credential("mine", "x")
        pool = CredentialCoordinator([secret, credential])
        first, second = pool.acquire(), pool.acquire()
        assert first is secret
        assert second is credential

    def test_time_over_is_none_and_gives_up_the_place(self) -> None:
        stage = Stage("k")
        assert stage.pool.acquire(timeout=0) == "k"
        assert stage.pool.acquire(timeout=5.0) is None
        assert stage.sleeper.now == 5.0
        stage.pool.release("k")
        assert stage.pool.acquire(timeout=0) == "k"

    def test_a_probe_that_does_not_wait_says_nothing(self) -> None:
        stage = Stage("k")
        stage.pool.acquire()
        assert stage.pool.acquire(timeout=0) is None
        assert stage.said == []

    def test_a_wait_that_an_exception_ends_gives_up_its_place(self) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        stage = Stage("k")
        stage.pool.acquire()
        stage.sleeper.meanwhile.append(interrupt)
        with pytest.raises(KeyboardInterrupt):
            stage.pool.acquire()
        stage.pool.release("k")
        assert stage.pool.acquire(timeout=0) == "k"

    def test_none_at_once_when_every_credential_is_closed(self) -> None:
        stage = Stage("k")
        stage.pool.settle("o", stage.lease().id, DEAD)
        assert stage.pool.acquire() is None
        assert stage.sleeper.slept == []

    def test_none_at_once_without_any_credential(self) -> None:
        assert CredentialCoordinator([]).acquire() is None

    def test_a_rate_limited_credential_is_back_when_its_backoff_ends(self) -> None:
        stage = Stage("k1", "k2")
        assert stage.pool.acquire() == "k1"
        stage.pool.release("k1", rate_limited=True, backoff_seconds=30.0)
        assert stage.pool.acquire() == "k2"
        assert stage.pool.acquire(timeout=60) == "k1"
        assert stage.sleeper.now == 30.0

    def test_a_string_has_one_slot_and_equal_ones_are_two(self) -> None:
        stage = Stage("k", "k")
        assert [stage.pool.acquire(timeout=0) for _ in range(3)] == ["k", "k", None]
        stage.pool.release("k")
        stage.pool.release("k")
        with pytest.raises(ValueError, match="not lent"):
            stage.pool.release("k")

    def test_what_is_not_out_cannot_be_released_and_is_not_named(self) -> None:
        stage = Stage("s3cret")
        with pytest.raises(ValueError, match="not lent out") as caught:
            stage.pool.release("s3cret")
        assert "s3cret" not in str(caught.value)

    @pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
    def test_a_backoff_is_a_number_of_seconds(self, seconds: float) -> None:
        stage = Stage("k")
        stage.pool.acquire()
        with pytest.raises(ValueError, match="backoff_seconds"):
            stage.pool.release("k", rate_limited=True, backoff_seconds=seconds)
        stage.pool.release("k")

    def test_a_backoff_of_ages_is_one_of_a_year(self) -> None:
        stage = Stage("k")
        stage.pool.acquire()
        stage.pool.release("k", rate_limited=True, backoff_seconds=1e12)
        assert stage.pool.acquire(timeout=1.0) is None
        assert f"the first is back in {366 * 24 * 3600}s, at 2027-11-2" in stage.said[-1]

    def test_two_of_one_name_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="key-2"):
            CredentialCoordinator([Credential("key-2", "x"), "y"])

    def test_a_very_long_wait_sleeps_in_parts(self) -> None:
        stage = Stage("k")
        stage.pool.acquire()
        stage.sleeper.meanwhile.append(lambda: stage.pool.release("k"))
        assert stage.pool.acquire() == "k"
        assert stage.sleeper.slept == [3600.0]


class TestSentences:
    def test_exhaustion_is_said_once_in_an_episode(self) -> None:
        stage = Stage("k")
        stage.pool.acquire()
        ticket = stage.pool.request("o", P)
        for _ in range(3):
            assert isinstance(stage.pool.wait("o", ticket, 5.0), Waiting)
        assert stage.pool.acquire(timeout=1.0) is None
        assert [text.startswith(EXHAUSTED) for text in stage.said] == [True]
        stage.pool.release("k")
        assert isinstance(stage.pool.wait("o", ticket, 5.0), Lease)
        stage.sleeper.now += 60.0
        assert stage.pool.acquire(timeout=1.0) is None
        assert [text.startswith(EXHAUSTED) for text in stage.said] == [True, True]

    def test_exhaustion_that_comes_and_goes_is_no_refrain(self) -> None:
        stage = Stage("k")
        for _ in range(20):
            stage.pool.acquire()
            assert stage.pool.acquire(timeout=1.0) is None
            stage.pool.release("k")
        assert [text.startswith(EXHAUSTED) for text in stage.said] == [True]

    @pytest.mark.parametrize(
        ("seconds", "text"), [(30.0, "30"), (1.5, "1.5"), (0, "0"), (1e6, "1000000")]
    )
    def test_a_rate_limit_names_the_credential_and_the_seconds(
        self, seconds: float, text: str
    ) -> None:
        stage = Stage("s3cret")
        stage.pool.acquire()
        stage.pool.release("s3cret", rate_limited=True, backoff_seconds=seconds)
        assert stage.said == [
            f"[COORDINATOR] Rate limit hit on key-1: rate-limited, backing off for {text}s..."
        ]

    def test_a_pause_is_said_with_the_seconds_until_its_end_and_once(self) -> None:
        stage = Stage(Credential("a", None), Credential("b", None))
        stage.sleeper.now = 0.1
        for seconds in (40.0, 29.5):
            stage.pool.settle("o", stage.lease().id, limited(seconds))
        del stage.said[:]
        ticket = stage.pool.request("o", P)
        assert isinstance(stage.pool.wait("o", ticket, 10.0), Waiting)
        assert isinstance(stage.pool.wait("o", ticket, 1.0), Waiting)
        assert isinstance(stage.pool.wait("o", ticket, 1.0), Waiting)
        assert stage.said == [
            "[COORDINATOR] All credentials are cooling down, the first is back in 30s",
        ]
        assert isinstance(stage.pool.wait("o", ticket, 60.0), Lease)
        assert stage.sleeper.now == pytest.approx(29.6)

    def test_a_limit_that_is_used_up_is_said_with_the_seconds_until_it_is_renewed(self) -> None:
        stage = Stage(Credential("main", "s3cret"))
        limit = Limit(LimitScope.REQUESTS, remaining=0, reset_after=12.5)
        stage.pool.settle("o", stage.lease().id, Answer("", "m", hint=LimitHint(limits=(limit,))))
        assert stage.said == ["[COORDINATOR] main has used up its limit, which is renewed in 12.5s"]
        assert isinstance(stage.pool.wait("o", stage.pool.request("o", P), 60.0), Lease)
        assert stage.sleeper.now == 12.5

    def test_of_a_long_pause_the_end_is_told_as_a_time_of_day_too(self) -> None:
        stage = Stage(Credential("a", None))
        stage.pool.settle("o", stage.lease().id, limited(3600.0))
        del stage.said[:]
        assert isinstance(stage.pool.wait("o", stage.pool.request("o", P), 1.0), Waiting)
        back = (NOON + timedelta(hours=1)).astimezone()
        [sentence] = stage.said
        assert sentence == (
            "[COORDINATOR] All credentials are cooling down, the first is back in 3600s, "
            f"at {back:%H:%M}"
        )

    def test_of_a_pause_that_ends_another_day_the_date_is_told_too(self) -> None:
        stage = Stage(Credential("a", None))
        stage.pool.settle("o", stage.lease().id, limited(3 * 86_400.0))
        del stage.said[:]
        assert isinstance(stage.pool.wait("o", stage.pool.request("o", P), 1.0), Waiting)
        back = (NOON + timedelta(days=3)).astimezone()
        assert stage.said[0].endswith(f" the first is back in 259200s, at {back:%Y-%m-%d %H:%M}")

    def test_of_a_limit_with_room_for_hardly_a_call_the_next_is_told_and_counted_down(self) -> None:
        stage = Stage(Credential("a", "s3cret", limits=RateLimits(tpm=1)))
        wish = Wish("p", "p/m", Usage(20, 0))
        first = stage.pool.request("o", wish)
        assert isinstance(stage.pool.wait("o", first, 1.0), Lease)
        stage.pool.settle("o", first, Answer("", "m", Usage(10, 0)))
        ticket = stage.pool.request("o", wish)
        while isinstance(stage.pool.wait("o", ticket, 20.0), Waiting):
            pass
        told = "[COORDINATOR] Every rate limit is in full use; the next call can go out in "
        seconds = [int(t.removeprefix(told).split("s")[0]) for t in stage.said if told in t]
        assert 500 < seconds[0] < 700
        assert all(after <= before / 2 for before, after in itertools.pairwise(seconds))
        assert len(seconds) > 1

    def test_of_calls_that_were_refused_together_one_pause_is_told(self) -> None:
        stage = Stage(Credential("a", None, max_concurrent=3))
        leases = [stage.lease() for _ in range(3)]
        ticket = stage.pool.request("o", P)
        for lease in leases:
            stage.pool.settle("o", lease.id, limited(3600.0))
            stage.sleeper.now += 0.2
            assert isinstance(stage.pool.wait("o", ticket, 0.1), Waiting)
        assert [" are cooling down" in text for text in stage.said].count(True) == 1

    def test_a_long_pause_is_counted_down(self) -> None:
        stage = Stage(Credential("a", None))
        stage.pool.settle("o", stage.lease().id, limited(900.0))
        del stage.said[:]
        ticket = stage.pool.request("o", P)
        while isinstance(stage.pool.wait("o", ticket, 20.0), Waiting):
            pass
        assert [text.split(", the first is back in ")[1].split("s")[0] for text in stage.said] == [
            "900", "440", "220", "100",
        ]  # fmt: skip
        assert [text.startswith("[COORDINATOR] Still all") for text in stage.said] == [
            False, True, True, True,
        ]  # fmt: skip

    def test_a_rate_in_full_use_is_said_once_and_not_as_exhausted(self) -> None:
        stage = Stage(Credential("a", "s3cret", limits=RateLimits(rpm=6)))
        for _ in range(3):
            lease = stage.lease()
            stage.pool.settle("o", lease.id, Answer("", "m"))
            ticket = stage.pool.request("o", P)
            assert isinstance(stage.pool.wait("o", ticket, 1.0), Waiting)
            assert isinstance(stage.pool.wait("o", ticket, 60.0), Lease)
            stage.pool.settle("o", ticket, Answer("", "m"))
            stage.sleeper.now += 11.0
        assert stage.said == [
            "[COORDINATOR] Every rate limit is in full use; calls go out as fast as it allows"
        ]

    def test_of_several_models_each_exhaustion_is_told_with_its_name(self) -> None:
        stage = Stage(Credential("a", None, provider="p"), Credential("b", None, provider="q"))
        other = Wish("q", "q/m", Usage())
        for wish in (P, other):
            stage.lease(wanted=wish)
            ticket = stage.pool.request("late", wish)
            for _ in range(2):
                assert isinstance(stage.pool.wait("late", ticket, 5.0), Waiting)
        assert stage.said == [
            f"{EXHAUSTED} waiting for a credential for {model} to come back"
            for model in ("p/m", "q/m")
        ]

    def test_so_is_each_pause_and_each_rate_in_full_use(self) -> None:
        stage = Stage(Credential("a", "s3cret", limits=RateLimits(rpm=6), max_concurrent=9))
        other = Wish("p", "p/other", Usage())
        for wish in (P, other):
            lease = stage.lease(wanted=wish)
            rate = stage.pool.request("late", wish)
            assert isinstance(stage.pool.wait("late", rate, 1.0), Waiting)
            stage.pool.settle("o", lease.id, limited(30.0))
            assert isinstance(stage.pool.wait("late", rate, 1.0), Waiting)
        told = [
            one.removeprefix("[COORDINATOR] ") for one in stage.said if "Rate limit hit" not in one
        ]
        assert told == [
            "Every rate limit is in full use; calls go out as fast as it allows",
            "All credentials are cooling down, the first is back in 30s",
            "Every rate limit for p/other is in full use; calls go out as fast as it allows",
            "All credentials are cooling down for p/other, the first is back in 30s",
        ]

    def test_a_wait_for_the_budget_is_of_no_model(self) -> None:
        stage = Stage(Credential("a", None, max_concurrent=9), budget=Budget(tokens=100))
        stage.lease(wanted=call_of(60))
        for model in ("p/m", "p/other"):
            ticket = stage.pool.request("late", Wish("p", model, Usage(50, 0)))
            assert isinstance(stage.pool.wait("late", ticket, 5.0), Waiting)
        assert len(stage.said) == 1

    def test_an_overloaded_provider_is_told_apart_from_a_rate_limit(self) -> None:
        stage = Stage(Credential("main", "s3cret"))
        refusal = Refusal(RefusalKind.OVERLOADED, "busy", LimitHint(7.0))
        stage.pool.settle("o", stage.lease().id, refusal)
        assert stage.said == [
            "[COORDINATOR] The provider of main is overloaded, backing off for 7s..."
        ]

    def test_a_closed_credential_is_named_with_the_reason(self) -> None:
        stage = Stage(Credential("main", "s3cret"))
        refusal = Refusal(RefusalKind.CREDENTIAL, "401: bad key s3cret")
        stage.pool.settle("o", stage.lease().id, refusal)
        assert stage.said == ["[COORDINATOR] Credential main is closed for good: 401: bad key ***"]

    def test_of_a_used_up_quota_of_the_day_it_is_said_for_how_long(self) -> None:
        stage = Stage(Credential("main", "s3cret"))
        refusal = Refusal(RefusalKind.DAILY_QUOTA, "used up", LimitHint(7200.0))
        stage.pool.settle("o", stage.lease().id, refusal)
        assert stage.said == ["[COORDINATOR] Credential main is closed for 7200s: used up"]

    @pytest.mark.parametrize(
        ("effect", "text"),
        [
            (Closed("main", "used up", 7200), "Credential main is closed for 7200s: used up"),
            (TakesFewer("main", 8), "main takes no more than 8 calls at once"),
            (TakesFewer("main", 1), "main takes no more than 1 call at once"),
        ],
    )
    def test_what_a_call_has_changed(self, effect: Effect, text: str) -> None:
        assert of_effect(effect) == f"[COORDINATOR] {text}"

    def test_without_notify_print_is_looked_up_when_called(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool = CredentialCoordinator(["k"])
        pool.acquire()
        said: list[str] = []
        monkeypatch.setattr(builtins, "print", said.append)
        pool.release("k", rate_limited=True, backoff_seconds=2.0)
        assert len(said) == 1

    def test_they_are_spoken_outside_of_the_lock(self) -> None:
        def look(text: str) -> None:
            with ThreadPoolExecutor(1) as other:
                assert other.submit(pool.open_slots).result(timeout=30) == 1
            said.append(text)

        said: list[str] = []
        pool = CredentialCoordinator(["k"], notify=look)
        pool.acquire()
        assert pool.acquire(timeout=0.01) is None
        pool.release("k", rate_limited=True)
        assert len(said) == 2


class TestBudget:
    """A hundred tokens, and a call in flight that may take sixty of them."""

    @pytest.fixture
    def stage(self) -> Stage:
        return Stage(Credential("a", None, max_concurrent=9), budget=Budget(tokens=100))

    def test_a_wait_for_the_budget_is_said_once_and_as_what_it_is(self, stage: Stage) -> None:
        held = stage.lease(wanted=call_of(60))
        tickets = [stage.pool.request("late", call_of(50)) for _ in range(2)]
        for ticket in tickets * 2:
            assert isinstance(stage.pool.wait("late", ticket, 5.0), Waiting)
        [sentence] = stage.said
        assert sentence == (
            "[COORDINATOR] What is left of the budget is set aside for calls in flight... "
            "waiting for one to end"
        )
        stage.pool.settle("o", held.id, Answer("", "m", Usage(1, 1)))
        assert isinstance(stage.pool.wait("late", tickets[0], 5.0), Lease)

    def test_a_settled_call_wakes_who_waits_for_the_budget(self, stage: Stage) -> None:
        held = stage.lease(wanted=call_of(60))
        stage.sleeper.meanwhile.append(
            lambda: stage.pool.settle("o", held.id, Answer("", "m", Usage(1, 1)))
        )
        ticket = stage.pool.request("late", call_of(50))
        assert isinstance(stage.pool.wait("late", ticket, 20.0), Lease)

    def test_a_call_that_took_too_much_refuses_who_waits(self, stage: Stage) -> None:
        stage.lease(wanted=call_of(60))
        stage.sleeper.meanwhile.append(lambda: stage.pool.take_back("o"))
        ticket = stage.pool.request("late", call_of(50))
        assert stage.pool.wait("late", ticket, 20.0) == Refused(
            "60 of 100 tokens are spent, and the next call may take 50", over_budget=True
        )

    def test_no_call_is_made_whose_worst_case_is_not_on_disk(self) -> None:
        class Ledger:
            """A disk that takes what is written and cannot keep it."""

            def __init__(self) -> None:
                self.settled: list[Cost] = []
                self.is_full = True

            def reserve(self, call: str, model: str, most: Cost) -> None:
                """Into the page cache."""

            def sync(self) -> None:
                if self.is_full:
                    raise OSError(28, "No space left on device")

            def settle(self, call: str, cost: Cost) -> None:
                self.settled.append(cost)

        ledger = Ledger()
        stage = Stage(Credential("a", None), budget=Budget(tokens=99, ledger=ledger))
        refused = stage.pool.wait("o", stage.pool.request("o", call_of(50)), 5.0)
        reason = "what calls cost cannot be recorded: No space left on device"
        assert refused == Refused(reason, unrecorded=True)
        assert ledger.settled == [Cost(0, 0)]  # it was never made
        ledger.is_full = False
        assert stage.lease(wanted=call_of(0)).credential == "a"  # its slot is free again
        assert stage.pool.wait("o", stage.pool.request("o", call_of(1)), 5.0) == refused

    def test_who_falls_silent_while_the_disk_takes_its_time_waits_again(self) -> None:
        class Ledger:
            """A disk that takes longer than a lease lasts, the first time."""

            def __init__(self) -> None:
                self.meanwhile: list[Callable[[], object]] = []

            def reserve(self, call: str, model: str, most: Cost) -> None:
                """Into the page cache."""

            def sync(self) -> None:
                if self.meanwhile:
                    self.meanwhile.pop()()

            def settle(self, call: str, cost: Cost) -> None:
                """Nothing to see."""

        def take_long() -> None:
            for seconds in (0.0, 30.0, 30.0):
                stage.sleeper.now += seconds
                stage.pool._pool.lapse(stage.sleeper.now)

        ledger = Ledger()
        stage = Stage(Credential("a", None), budget=Budget(tokens=99, ledger=ledger))
        stage.pool._pool._silence = Silence(60.0)
        ledger.meanwhile.append(take_long)
        stage.lease(wanted=call_of(50))
        stage.pool.take_back("o")
        assert stage.pool._budget.spent.tokens == 50

    def test_the_library_form_costs_nothing(self, stage: Stage) -> None:
        stage.lease(wanted=call_of(100))
        assert stage.pool.acquire(timeout=0) is not None


class TestWaking:
    def test_who_is_granted_a_lease_in_the_poll_of_another_is_woken(self) -> None:
        stage = Stage(Credential("a", "s3cret", limits=RateLimits(rpm=6)))
        stage.pool.settle("o", stage.lease().id, ANSWER)
        early, late = stage.pool.request("early", P), stage.pool.request("late", P)
        assert isinstance(stage.pool.wait("late", late, 0.0), Waiting)
        stage.sleeper.now += 15.0  # there is room for the first of them
        before = stage.sleeper.woken
        assert isinstance(stage.pool.wait("late", late, 0.0), Waiting)
        assert stage.sleeper.woken == before + 1
        assert isinstance(stage.pool.wait("early", early, 0.0), Lease)
        assert stage.sleeper.woken == before + 1  # nothing that anybody else waits for


class TestProductForm:
    def test_a_ticket_is_granted_settled_and_gone(self) -> None:
        stage = Stage(Credential("a", "s3cret"))
        ticket = stage.pool.request("o", P)
        lease = stage.pool.wait("o", ticket, 0)
        assert lease == Lease(ticket, "a", "s3cret", quota="a")
        assert stage.pool.wait("o", ticket, 0) is lease
        stage.pool.settle("o", ticket, ANSWER)
        stage.pool.settle("o", ticket, ANSWER)
        assert isinstance(stage.pool.wait("o", ticket, 0), Refused)

    def test_a_waiting_ticket_keeps_its_place(self) -> None:
        stage = Stage("k")
        held = stage.lease("first")
        early, late = stage.pool.request("a", P), stage.pool.request("b", P)
        assert isinstance(stage.pool.wait("a", early, 20.0), Waiting)
        stage.pool.settle("first", held.id, ANSWER)
        assert isinstance(stage.pool.wait("b", late, 0), Waiting)
        assert isinstance(stage.pool.wait("a", early, 0), Lease)

    def test_what_a_dead_owner_held_is_lent_again(self) -> None:
        stage = Stage("k")
        stage.lease("dead")
        stage.pool.request("dead", P)
        stage.sleeper.meanwhile.append(lambda: stage.pool.take_back("dead"))
        assert isinstance(stage.pool.wait("b", stage.pool.request("b", P), 20.0), Lease)

    def test_closing_the_last_credential_refuses_who_waits(self) -> None:
        stage = Stage("s3cret")
        held = stage.lease()
        ticket = stage.pool.request("b", P)
        stage.sleeper.meanwhile.append(lambda: stage.pool.settle("o", held.id, DEAD))
        answer = stage.pool.wait("b", ticket, 20.0)
        assert answer == Refused("Every credential for 'p' is closed (key-1: invalid key)")

    def test_open_slots(self) -> None:
        stage = Stage("k", Credential("a", None, max_concurrent=4), Credential("b", None))
        assert stage.pool.open_slots() == 6
        stage.pool.settle("o", stage.lease().id, limited(9.0))
        assert stage.pool.open_slots() == 6
        closed = stage.lease()
        assert closed.credential == "a"
        stage.pool.settle("o", closed.id, DEAD)
        assert stage.pool.open_slots() == 2

    def test_fewer_slots_are_explained(self) -> None:
        credentials = [Credential(name, None, max_concurrent=2) for name in ("a", "b")]
        stage = Stage(*credentials, Credential("c", "s3cret", quota="org"))
        assert stage.pool.describe_slots() == "the credentials take 5 calls at once"
        stage.pool.settle("x", stage.lease("x").id, Refusal(RefusalKind.CREDENTIAL, "no"))
        assert stage.pool.describe_slots() == "the credentials take 3 calls at once (a is closed)"

    def test_a_change_of_the_slots_is_told_once_it_is_one(self) -> None:
        told: list[int] = []
        pool = CredentialCoordinator(
            [Credential("a", "s3cret", provider="p")],
            default_slots=8,
            notify=lambda _: None,
            on_slots=lambda: told.append(pool.open_slots()),
        )
        for result in (
            Answer("", "m"),
            Refusal(RefusalKind.OVERLOADED, "busy", LimitHint(0.0)),
        ):
            lease = pool.wait("o", pool.request("o", P), 5.0)
            assert isinstance(lease, Lease)
            pool.settle("o", lease.id, result)
        assert told == [2]
        assert pool.describe_slots() == (
            "the credentials take 2 calls at once (a takes no more than 2)"
        )

    def test_slots_that_return_with_the_next_day_are_told_of(self) -> None:
        stage = Stage(Credential("a", "s3cret"), Credential("b", "s3cret"))
        told: list[int] = []
        stage.pool._on_slots = lambda: told.append(stage.pool.open_slots())
        used_up = Refusal(RefusalKind.DAILY_QUOTA, "used up", LimitHint(100.0))
        stage.pool.settle("o", stage.lease().id, used_up)
        assert told == [1]
        stage.lease("x")
        ticket = stage.pool.request("o", P)
        while isinstance(stage.pool.wait("o", ticket, 20.0), Waiting):
            pass
        assert told == [1, 2]

    def test_simulated_rate_limits_are_flagged(self) -> None:
        pool = CredentialCoordinator(["k"], simulate_rate_limits=True)
        lease = pool.wait("o", pool.request("o", P), 0)
        assert isinstance(lease, Lease)
        assert lease.simulate_rate_limit


def test_no_repr_shows_a_secret() -> None:
    assert "s3cret" not in repr(CredentialCoordinator(["s3cret"]))


def test_a_release_wakes_a_waiting_thread() -> None:
    said = threading.Event()
    pool = CredentialCoordinator(["k"], notify=lambda _: said.set())
    pool.acquire()
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(pool.acquire)
        assert said.wait(30)
        assert not waiting.done()
        pool.release("k")
        assert waiting.result(timeout=30) == "k"


def test_many_threads_never_hold_more_than_there_is() -> None:
    pool = CredentialCoordinator(["a", "b", "c"], notify=lambda _: None)
    held: list[str | Credential] = []
    worst = 0

    def work(_: int) -> None:
        nonlocal worst
        credential = pool.acquire(timeout=60)
        assert credential is not None
        assert credential not in held
        held.append(credential)
        worst = max(worst, len(held))
        held.remove(credential)
        pool.release(credential)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, range(200)))
    assert worst <= 3
    assert held == []
    assert sorted(str(pool.acquire(timeout=0)) for _ in range(3)) == ["a", "b", "c"]


class TestMemory:
    """What one coordinator met, another one knows."""

    def test_a_long_rest_is_told_once_and_holds_for_the_next_run(self) -> None:
        told: list[Rest] = []
        key = Credential("a", "s3cret", provider="p", max_concurrent=2)
        stage = Stage(key, remember=told.extend)
        first, second = stage.lease(), stage.lease()
        stage.pool.settle("o", first.id, limited(3600.0))
        stage.pool.settle("o", second.id, limited(30.0))
        assert told == [Rest("p", "a", P.model, NOON + timedelta(hours=1))]
        later = Stage(key, recalled=told)
        ticket = later.pool.request("o", P)
        assert isinstance(later.pool.wait("o", ticket, 3599.0), Waiting)
        assert isinstance(later.pool.wait("o", ticket, 2.0), Lease)

    def test_a_short_rest_is_over_before_anybody_could_use_it(self) -> None:
        told: list[Rest] = []
        stage = Stage(Credential("a", "s3cret", provider="p"), remember=told.extend)
        stage.pool.settle("o", stage.lease().id, limited(2.0))
        assert told == []

    def test_a_quota_of_the_day_is_closed_for_the_next_run_too(self) -> None:
        told: list[Rest] = []
        key = Credential("a", "s3cret", provider="p")
        stage = Stage(key, remember=told.extend)
        refusal = Refusal(RefusalKind.DAILY_QUOTA, "used up", LimitHint(7200.0))
        stage.pool.settle("o", stage.lease().id, refusal)
        assert told == [Rest("p", "a", P.model, NOON + timedelta(hours=2), "used up")]
        later = Stage(key, recalled=told)
        answer = later.pool.wait("o", later.pool.request("o", P), 0)
        end = f"{NOON.astimezone() + timedelta(hours=2):%H:%M}"
        assert answer == Refused(f"Every credential for 'p' is closed (a until {end}: used up)")

    def test_what_was_recalled_is_not_told_again_until_it_grows(self) -> None:
        told: list[Rest] = []
        key = Credential("a", "s3cret", provider="p", max_concurrent=2)
        known = Rest("p", "a", "p/other", NOON + timedelta(hours=1))
        stage = Stage(key, recalled=[known], remember=told.extend)
        first, second = stage.lease(), stage.lease()
        stage.pool.settle("o", first.id, limited(30.0))
        assert [rest.model for rest in told] == [P.model]
        stage.pool.settle("o", second.id, limited(3600.0))
        assert [rest.model for rest in told] == [P.model, P.model]

    def test_a_day_that_ends_later_than_was_told_is_told_again(self) -> None:
        told: list[Rest] = []
        key = Credential("a", "s3cret", provider="p", max_concurrent=2)
        stage = Stage(key, remember=told.extend)
        leases = [stage.lease(), stage.lease()]
        for lease, seconds in zip(leases, (7200.0, 9000.0), strict=True):
            used_up = Refusal(RefusalKind.DAILY_QUOTA, "used up", LimitHint(seconds))
            stage.pool.settle("o", lease.id, used_up)
        ends = [NOON + timedelta(seconds=seconds) for seconds in (7200, 9000)]
        assert [rest.until for rest in told] == ends

    @pytest.mark.parametrize("kind", [RefusalKind.CREDENTIAL, RefusalKind.ACCOUNT])
    def test_what_is_refused_for_good_dies_with_the_run(self, kind: RefusalKind) -> None:
        told: list[Rest] = []
        stage = Stage(Credential("a", "s3cret", provider="p"), remember=told.extend)
        stage.pool.settle("o", stage.lease().id, Refusal(kind, "no"))
        assert told == []

    def test_what_another_quota_or_provider_met_is_nothing_to_this_one(self) -> None:
        end = NOON + timedelta(hours=1)
        rests = [
            Rest("q", "a", P.model, end),
            Rest("p", "b", P.model, end),
            Rest("p", "a", "", end),
        ]
        stage = Stage(Credential("a", "s3cret", provider="p"), recalled=rests)
        assert stage.lease().credential == "a"
