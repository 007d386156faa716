import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.calls import (
    Answer,
    Lease,
    Limit,
    LimitHint,
    LimitScope,
    Refusal,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
    Wish,
)
from agentos.core.errors import BudgetExhausted, CredentialsExhausted, Interrupted, ModelError
from agentos.core.events import (
    CallAbandoned,
    CallEvent,
    CallFinished,
    CallRefused,
    CallStarted,
    Event,
    LeaseGranted,
    LeaseRequested,
)
from agentos.leasing_model import (
    FIRST_CALL_PAUSE,
    LONGEST_WISHED_PAUSE,
    MAX_ATTEMPTS,
    MAX_EMPTY_ANSWERS,
    MAX_OVERLOADED,
    OVERLOADED_PATIENCE,
    SIMULATED_BACKOFF,
    LeasingModel,
)

SECRET = "sk-0123456789"
REQUEST = Request(RequestKind.DRAFT_LLD)
REVIEW = Request(RequestKind.REVIEW_LLD)
BOUND = Usage(1000, 500)
DOCUMENT = "# A draft\n\nIt has a sentence, and then another one."
HINT = LimitHint(limits=(Limit(LimitScope.TOKENS, remaining=0, reset_after=9.0),))
ANSWER = Answer(DOCUMENT, "fake/model-1", Usage(7, 9, 3, 2), HINT)
STARTED = CallStarted(
    call="1",
    credential="key-1",
    model="fake/model",
    most_input_tokens=1000,
    most_output_tokens=500,
)
FINISHED = CallFinished(
    call="1",
    credential="key-1",
    model="fake/model",
    seconds=2.5,
    input_tokens=7,
    output_tokens=9,
    cached_tokens=3,
    cache_write_tokens=2,
)


class Rig:
    """The model's provider, its leases, the clock and the listener: all that is handed in."""

    name = "fake/model"
    provider = "fake"

    def __init__(
        self, *results: Answer | Refusal | Exception, simulate: int = 0, quota: str = ""
    ) -> None:
        self.happened: list[Event | str] = []
        self.pauses: list[float] = []
        self.secrets: list[str | None] = []
        self.settled: list[tuple[str, Answer | Refusal]] = []
        self.in_flight: dict[str, bool] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self._results = list(results)
        self._simulate = simulate
        self._quota = quota
        self._leases = 0
        self._now = 0.0
        self.seconds = 2.5  # that a call takes
        self.jitter = 1.0  # the longest pauses
        self.model = LeasingModel(
            self,
            self,
            self.happened.append,
            clock=self.clock,
            pause=self.pause,
            jitter=lambda: self.jitter,
        )

    @property
    def events(self) -> list[Event]:
        return [one for one in self.happened if isinstance(one, Event)]

    def run(self, request: Request = REQUEST) -> Answer:
        return self.model.run(request)

    def clock(self) -> float:
        return self._now

    def passes(self, seconds: float) -> None:
        self._now += seconds

    def pause(self, seconds: float) -> None:
        self._enter("pause")
        self.pauses.append(seconds)

    def bound(self, request: Request) -> Usage:
        return BOUND

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        self._enter("complete")
        self.secrets.append(secret)
        self._now += self.seconds
        result = self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def acquire(self, wish: Wish) -> Lease:
        assert wish == Wish("fake", "fake/model", BOUND)
        self._enter("acquire")
        self._leases += 1
        simulate = self._leases <= self._simulate
        name = f"key-{self._leases}"
        return Lease(str(self._leases), name, SECRET, simulate, self._quota)

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        self._enter("settle")
        self.settled.append((lease.id, result))

    def _enter(self, place: str) -> None:
        self.happened.append(place)
        self.in_flight[place] = self.model.in_flight
        self.meanwhile.get(place, lambda: None)()


def refused(kind: RefusalKind, retry_after: float | None = None) -> Refusal:
    return Refusal(kind, "not now", LimitHint(retry_after), "busy", Usage(1, 0))


def test_a_call_has_a_lease_of_its_own() -> None:
    rig = Rig(ANSWER)
    assert rig.model.name == "fake/model"
    assert rig.run() == ANSWER
    assert rig.secrets == [SECRET]
    assert rig.settled == [("1", ANSWER)]
    assert rig.happened == [
        LeaseRequested(provider="fake"),
        "acquire",
        LeaseGranted(credential="key-1"),
        STARTED,
        "complete",
        FINISHED,
        "settle",
    ]


def test_it_is_in_flight_from_the_question_until_the_answer_has_arrived() -> None:
    rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER, ANSWER)
    assert not rig.model.in_flight
    for _ in range(2):
        rig.run()
        assert rig.in_flight == {
            "acquire": False,
            "complete": True,
            "settle": True,
            "pause": False,
        }


def test_a_refused_call_is_not_in_flight_any_more() -> None:
    rig = Rig(refused(RefusalKind.REQUEST))
    with pytest.raises(ModelError):
        rig.run()
    assert rig.in_flight["settle"] is False


def test_an_answer_whose_usage_nobody_tells_and_that_ends_early_is_told_as_such() -> None:
    rig = Rig(replace(ANSWER, usage=None, truncated=True))
    rig.run()
    assert rig.events[-1] == CallFinished(
        call="1",
        credential="key-1",
        model="fake/model",
        seconds=2.5,
        usage_known=False,
        truncated=True,
    )


def test_a_refusal_whose_usage_nobody_tells_is_told_as_such() -> None:
    rig = Rig(Refusal(RefusalKind.REQUEST, "too long"))
    with pytest.raises(ModelError):
        rig.run()
    assert rig.events[-1] == CallRefused(
        call="1",
        credential="key-1",
        model="fake/model",
        seconds=2.5,
        refusal="request",
        message="too long",
        usage_known=False,
    )


@pytest.mark.parametrize(
    "kind",
    [
        RefusalKind.RATE_LIMITED,
        RefusalKind.CREDENTIAL,
        RefusalKind.ACCOUNT,
        RefusalKind.DAILY_QUOTA,
    ],
)
def test_a_credential_that_is_refused_is_the_pools_business(kind: RefusalKind) -> None:
    refusals = [refused(kind, 30.0)] * (2 * MAX_ATTEMPTS)
    rig = Rig(*refusals, ANSWER)
    assert rig.run() == ANSWER
    assert rig.pauses == []
    assert rig.settled[:2] == [("1", refusals[0]), ("2", refusals[0])]
    assert rig.settled[-1] == (str(2 * MAX_ATTEMPTS + 1), ANSWER)
    assert rig.events[3] == CallRefused(
        call="1",
        credential="key-1",
        model="fake/model",
        seconds=2.5,
        refusal=kind,
        message="not now",
        code="busy",
        retry_after=30.0,
        input_tokens=1,
    )
    assert rig.events[4:6] == [LeaseRequested(provider="fake"), LeaseGranted(credential="key-2")]


def test_what_passes_is_tried_again_after_growing_pauses() -> None:
    rig = Rig(*[refused(RefusalKind.TRANSIENT)] * (MAX_ATTEMPTS - 1), ANSWER)
    assert rig.run() == ANSWER
    assert rig.pauses == [1.0, 2.0, 4.0, 8.0]


def test_who_was_refused_at_one_moment_does_not_come_back_at_one() -> None:
    pauses = []
    for jitter in (0.0, 0.5, 1.0):
        rig = Rig(*[refused(RefusalKind.TRANSIENT)] * 2, ANSWER)
        rig.jitter = jitter
        rig.run()
        pauses.append(rig.pauses)
    assert pauses == [[0.5, 1.0], [0.75, 1.5], [1.0, 2.0]]


def test_but_not_for_ever() -> None:
    rig = Rig(*[refused(RefusalKind.TRANSIENT)] * MAX_ATTEMPTS)
    sentence = f"fake/model gave no answer in {MAX_ATTEMPTS} attempts: not now"
    with pytest.raises(ModelError, match=sentence):
        rig.run()
    assert len(rig.settled) == MAX_ATTEMPTS
    assert len(rig.pauses) == MAX_ATTEMPTS - 1


def test_an_overloaded_provider_is_the_pools_business_as_long_as_there_is_patience() -> None:
    attempts = 2 * MAX_OVERLOADED
    rig = Rig(*[refused(RefusalKind.OVERLOADED, 12.5)] * attempts, ANSWER)
    assert rig.run() == ANSWER
    assert rig.pauses == []
    assert len(rig.settled) == attempts + 1


@pytest.mark.parametrize(("seconds", "attempts"), [(600.0, MAX_OVERLOADED), (60.0, 31)])
def test_patience_with_it_ends_after_many_attempts_and_a_long_time(
    seconds: float, attempts: int
) -> None:
    rig = Rig(*[refused(RefusalKind.OVERLOADED)] * attempts)
    rig.seconds = seconds
    assert OVERLOADED_PATIENCE == 1800.0
    with pytest.raises(ModelError, match=f"no answer in {attempts} attempts"):
        rig.run()


def test_the_wait_for_the_first_lease_takes_nothing_of_the_patience() -> None:
    rig = Rig(*[refused(RefusalKind.OVERLOADED)] * MAX_OVERLOADED, ANSWER)
    rig.seconds = 10.0
    waits = iter([3600.0])
    rig.meanwhile["acquire"] = lambda: rig.passes(next(waits, 0.0))
    assert rig.run() == ANSWER


def test_what_comes_in_between_does_not_renew_it() -> None:
    between = [refused(RefusalKind.RATE_LIMITED), refused(RefusalKind.TRANSIENT)]
    half = [refused(RefusalKind.OVERLOADED)] * (MAX_OVERLOADED - 1)
    rig = Rig(*half, *between, refused(RefusalKind.OVERLOADED))
    rig.seconds = 600.0
    with pytest.raises(ModelError, match=f"no answer in {MAX_OVERLOADED + 1} attempts"):
        rig.run()


def test_a_pause_is_part_of_the_wait_for_a_lease() -> None:
    rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER)
    rig.run()
    second = rig.happened[rig.happened.index("settle") + 1 :]
    assert second[:4] == [
        LeaseRequested(provider="fake"),
        "pause",
        "acquire",
        LeaseGranted(credential="key-2"),
    ]


def test_the_pause_that_the_provider_names_is_kept() -> None:
    rig = Rig(refused(RefusalKind.TRANSIENT, 12.5), refused(RefusalKind.TRANSIENT), ANSWER)
    rig.run()
    assert rig.pauses == [12.5, 2 * FIRST_CALL_PAUSE]


def test_a_shorter_one_than_ours_is_not() -> None:
    rig = Rig(
        *[refused(RefusalKind.TRANSIENT, 0.0)] * 2, refused(RefusalKind.TRANSIENT, 3.0), ANSWER
    )
    rig.run()
    assert rig.pauses == [FIRST_CALL_PAUSE, 2 * FIRST_CALL_PAUSE, 4 * FIRST_CALL_PAUSE]


@pytest.mark.parametrize("retry_after", [LONGEST_WISHED_PAUSE + 1, 86_400.0, 1e300])
def test_but_for_no_longer_than_one_can_wait_without_a_sign_of_life(retry_after: float) -> None:
    rig = Rig(refused(RefusalKind.TRANSIENT, retry_after), ANSWER)
    rig.run()
    assert rig.pauses == [LONGEST_WISHED_PAUSE] == [600.0]


def test_rate_limits_are_no_failures() -> None:
    limit, broken = refused(RefusalKind.RATE_LIMITED), refused(RefusalKind.TRANSIENT)
    rig = Rig(*[limit, broken] * (MAX_ATTEMPTS - 1), limit, ANSWER)
    assert rig.run() == ANSWER


def test_each_call_has_all_its_attempts() -> None:
    rig = Rig(*([refused(RefusalKind.TRANSIENT)] * (MAX_ATTEMPTS - 1) + [ANSWER]) * 2)
    assert rig.run() == ANSWER
    assert rig.run() == ANSWER


def test_a_request_that_is_refused_for_good_is_not_repeated() -> None:
    rig = Rig(Refusal(RefusalKind.REQUEST, "too long"))
    with pytest.raises(ModelError, match="fake/model refused: too long"):
        rig.run()
    assert len(rig.settled) == 1
    assert rig.pauses == []


def test_a_simulated_rate_limit_calls_nobody() -> None:
    rig = Rig(ANSWER, simulate=2)
    assert rig.run() == ANSWER
    requests = Limit(LimitScope.REQUESTS, remaining=0, reset_after=SIMULATED_BACKOFF)
    hint = LimitHint(SIMULATED_BACKOFF, (requests,))
    limit = Refusal(RefusalKind.RATE_LIMITED, "simulated", hint, "simulated", Usage())
    assert rig.settled == [("1", limit), ("2", limit), ("3", ANSWER)]
    assert len(rig.secrets) == 1
    assert rig.events[3] == CallRefused(
        call="1",
        credential="key-1",
        model="fake/model",
        seconds=0.0,
        refusal="rate_limited",
        message="simulated",
        code="simulated",
        limits=("requests",),
        retry_after=1.0,
    )


def test_a_refusal_tells_the_domain_and_which_limits_are_used_up() -> None:
    left = Limit(LimitScope.REQUESTS, limit=50, remaining=3)
    hint = LimitHint(9.0, (left, *HINT.limits))
    rig = Rig(Refusal(RefusalKind.RATE_LIMITED, "not now", hint), ANSWER, quota="org-a")
    rig.run()
    calls = [event for event in rig.events if isinstance(event, CallEvent)]
    assert {(call.quota, call.model) for call in calls} == {("org-a", "fake/model")}
    assert isinstance(calls[1], CallRefused)
    assert calls[1].limits == ("tokens",)


@pytest.mark.parametrize(
    "error", [CredentialsExhausted("every credential is closed"), BudgetExhausted("no room")]
)
def test_exhaustion_passes_through(error: Exception) -> None:
    def fail() -> None:
        raise error

    rig = Rig()
    rig.meanwhile["acquire"] = fail
    with pytest.raises(type(error)) as caught:
        rig.run()
    assert caught.value is error
    assert rig.events == [LeaseRequested(provider="fake")]


def test_a_fault_of_the_adapter_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        Rig(ZeroDivisionError()).run()


class TestCancel:
    def test_no_attempt_is_begun(self) -> None:
        rig = Rig(ANSWER)
        rig.model.cancel()
        with pytest.raises(Interrupted, match="stopped before the next call"):
            rig.run()
        assert rig.events == []

    def test_nor_after_the_wait_for_a_lease(self) -> None:
        rig = Rig(ANSWER)
        rig.meanwhile["acquire"] = rig.model.cancel
        with pytest.raises(Interrupted):
            rig.run()
        assert rig.secrets == []
        assert rig.events == [LeaseRequested(provider="fake")]

    def test_nor_after_a_pause(self) -> None:
        rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER)
        rig.meanwhile["pause"] = rig.model.cancel
        with pytest.raises(Interrupted):
            rig.run()
        assert len(rig.secrets) == 1

    def test_a_call_in_flight_goes_on(self) -> None:
        rig = Rig(ANSWER)
        rig.meanwhile["complete"] = rig.model.cancel
        assert rig.run() == ANSWER

    def test_an_answer_that_is_on_its_way_still_comes(self) -> None:
        rig = Rig(ANSWER)
        rig.meanwhile["settle"] = rig.model.cancel
        assert rig.run() == ANSWER


class TestWhatIsNoAnswer:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "the answer is empty"),
            ("ACK", "the answer is no document, only 3 characters"),
            ("<!doctype html>" + DOCUMENT, "the answer is a page of markup"),
        ],
    )
    def test_it_is_paid_for_twice_and_no_more(self, text: str, why: str) -> None:
        rig = Rig(*[replace(ANSWER, text=text)] * MAX_EMPTY_ANSWERS)
        with pytest.raises(ModelError, match=f"fake/model gave no answer in 2 attempts: {why}"):
            rig.run()
        assert MAX_EMPTY_ANSWERS == 2
        empty = Refusal(RefusalKind.EMPTY, why, HINT, "empty", ANSWER.usage)
        assert rig.settled == [("1", empty), ("2", empty)]
        assert rig.pauses == [FIRST_CALL_PAUSE]
        assert rig.events[3] == CallRefused(
            call="1",
            credential="key-1",
            model="fake/model",
            seconds=2.5,
            refusal="empty",
            message=why,
            code="empty",
            limits=("tokens",),
            input_tokens=7,
            output_tokens=9,
            cached_tokens=3,
            cache_write_tokens=2,
        )

    def test_the_second_attempt_may_bring_one(self) -> None:
        assert Rig(replace(ANSWER, text=" \n"), ANSWER).run() == ANSWER

    @pytest.mark.parametrize("empty_first", [True, False])
    def test_it_is_counted_apart_from_what_passes(self, empty_first: bool) -> None:
        empty = [replace(ANSWER, text="")] * (MAX_EMPTY_ANSWERS - 1)
        passing = [refused(RefusalKind.TRANSIENT)] * (MAX_ATTEMPTS - 1)
        rig = Rig(*(empty + passing if empty_first else passing + empty), ANSWER)
        assert rig.run() == ANSWER
        assert rig.pauses == [FIRST_CALL_PAUSE * 2**n for n in range(MAX_ATTEMPTS)]

    @pytest.mark.parametrize(
        ("last", "why"),
        [
            (replace(ANSWER, text=""), "in 6 attempts: the answer is empty"),
            (refused(RefusalKind.TRANSIENT), "in 6 attempts: not now"),
        ],
    )
    def test_but_each_has_its_end(self, last: Answer | Refusal, why: str) -> None:
        passing = [refused(RefusalKind.TRANSIENT)] * (MAX_ATTEMPTS - 1)
        with pytest.raises(ModelError, match=why):
            Rig(replace(ANSWER, text=""), *passing, last).run()

    def test_thoughts_that_took_all_of_the_output_would_do_so_again(self) -> None:
        rig = Rig(replace(ANSWER, text=" \n", truncated=True))
        with pytest.raises(ModelError, match=r"fake/model refused: .*; raise max_output_tokens"):
            rig.run()
        [(_, refusal)] = rig.settled
        assert isinstance(refusal, Refusal)
        assert (refusal.kind, refusal.code) == (RefusalKind.REQUEST, "truncated")
        assert (refusal.usage, refusal.hint) == (ANSWER.usage, HINT)
        assert rig.pauses == []

    def test_a_review_may_be_short_but_not_empty(self) -> None:
        short = replace(ANSWER, text="APPROVED")
        assert Rig(short).run(REVIEW) == short
        assert Rig(replace(ANSWER, text=""), short).run(REVIEW) == short


class TestText:
    def test_a_fence_around_the_whole_is_removed(self) -> None:
        rig = Rig(replace(ANSWER, text=f"```markdown\n{DOCUMENT}\n```\n"))
        assert rig.run() == ANSWER

    def test_what_utf8_cannot_write_is_replaced(self) -> None:
        rig = Rig(replace(ANSWER, text=DOCUMENT + "\ud800"))
        assert rig.run().text == DOCUMENT + "\N{REPLACEMENT CHARACTER}"


class TestAbandon:
    def test_a_call_in_flight_is_left_to_itself_and_that_is_its_end(self) -> None:
        rig = Rig(ANSWER)
        done: list[bool] = []
        rig.meanwhile["complete"] = lambda: done.append(rig.model.abandon("the run was stopped"))
        with pytest.raises(Interrupted, match="stopped while waiting for the model"):
            rig.run()
        assert done == [True]
        assert rig.settled == []
        assert rig.events[2:] == [
            STARTED,
            CallAbandoned(
                call="1", credential="key-1", model="fake/model", reason="the run was stopped"
            ),
        ]

    def test_an_answer_that_is_here_is_not_given_up(self) -> None:
        rig = Rig(ANSWER)
        done: list[bool] = []
        rig.meanwhile["settle"] = lambda: done.append(rig.model.abandon("the run was stopped"))
        assert rig.run() == ANSWER
        assert rig.model.abandon("the run was stopped") is False
        assert done == [False]
        assert rig.settled == [("1", ANSWER)]
        assert rig.events[2:] == [STARTED, FINISHED]

    def test_after_a_refusal_there_is_nothing_to_wait_for(self) -> None:
        rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER)
        done: list[bool] = []
        rig.meanwhile["settle"] = lambda: done.append(rig.model.abandon("the run was stopped"))
        with pytest.raises(Interrupted, match="stopped before the next call"):
            rig.run()
        assert done == [True]
        assert [type(event) for event in rig.events[2:]] == [CallStarted, CallRefused]

    @pytest.mark.parametrize("place", ["acquire", "pause"])
    def test_a_wait_is_given_up_without_a_word(self, place: str) -> None:
        rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER)
        done: list[bool] = []
        rig.meanwhile[place] = lambda: done.append(rig.model.abandon("the run was stopped"))
        with pytest.raises(Interrupted, match="stopped before the next call"):
            rig.run()
        assert done == [True]
        assert not any(isinstance(event, CallAbandoned) for event in rig.events)

    def test_nothing_is_begun_afterwards(self) -> None:
        rig = Rig(ANSWER)
        assert rig.model.abandon("the run was stopped")
        with pytest.raises(Interrupted):
            rig.run()
        assert rig.happened == []

    def test_a_call_is_given_up_once(self) -> None:
        rig = Rig(ANSWER)
        rig.meanwhile["complete"] = lambda: [rig.model.abandon("stopped") for _ in range(2)]
        with pytest.raises(Interrupted):
            rig.run()
        assert [type(event) for event in rig.events[3:]] == [CallAbandoned]

    def test_from_another_thread_there_is_one_end_and_all_agree_on_it(self) -> None:
        for _ in range(100):
            rig = Rig(ANSWER)
            begun = threading.Event()
            given_up: list[bool] = []

            def give_up(rig: Rig, begun: threading.Event, given_up: list[bool]) -> None:
                begun.wait(60)
                given_up.append(rig.model.abandon("stopped"))

            other = threading.Thread(target=give_up, args=(rig, begun, given_up))
            other.start()
            rig.meanwhile["complete"] = begun.set
            try:
                has_answer = rig.run() == ANSWER
            except Interrupted:
                has_answer = False
            other.join()
            assert given_up == [not has_answer]
            [end] = rig.events[3:]
            assert isinstance(end, CallFinished if has_answer else CallAbandoned)


RESULTS = st.one_of(
    st.just(ANSWER),
    st.just(replace(ANSWER, text="")),
    st.builds(
        Refusal,
        st.sampled_from(RefusalKind),
        st.just("no"),
        st.builds(LimitHint, st.none() | st.floats(0, 9)),
    ),
)


@given(st.lists(RESULTS, max_size=12), st.integers(0, 3))
def test_every_call_that_starts_has_one_end_and_is_settled_once(
    results: list[Answer | Refusal], simulate: int
) -> None:
    rig = Rig(*results, ANSWER, simulate=simulate)
    with suppress(ModelError):
        rig.run()
    starts = [event.call for event in rig.events if isinstance(event, CallStarted)]
    ends = [event.call for event in rig.events if isinstance(event, CallFinished | CallRefused)]
    assert starts == ends == [lease for lease, _ in rig.settled]
    assert len(set(starts)) == len(starts)


def test_no_event_and_no_error_shows_the_secret() -> None:
    rig = Rig(Refusal(RefusalKind.REQUEST, "no"))
    with pytest.raises(ModelError) as caught:
        rig.run()
    assert SECRET not in repr([rig.events, caught.value])


def test_a_key_that_a_server_echoes_goes_no_further() -> None:
    echoed = Answer(f"{DOCUMENT}\n\nIts key: {SECRET}, {SECRET.upper()}.", "fake/model-1", Usage())
    rig = Rig(Refusal(RefusalKind.TRANSIENT, f"no {SECRET}", code=SECRET), echoed)
    assert rig.run().text == f"{DOCUMENT}\n\nIts key: ***, ***."
    assert SECRET not in repr(rig.events)
    assert SECRET not in repr(rig.settled)
