import pytest

from agentos.core.calls import (
    Answer,
    Lease,
    Refusal,
    RefusalKind,
    Request,
    RequestKind,
    Usage,
)
from agentos.core.errors import CredentialsExhausted, Interrupted, ModelError
from agentos.core.events import (
    CallFinished,
    CallRefused,
    Event,
    LeaseGranted,
    LeaseRequested,
)
from agentos.leasing_model import FIRST_PAUSE, MAX_ATTEMPTS, SIMULATED_BACKOFF, LeasingModel

SECRET = "sk-0123456789"
REQUEST = Request(RequestKind.DRAFT_LLD)
ANSWER = Answer("# A draft", "fake/model-1", Usage(7, 9))
PASSING = [RefusalKind.TRANSIENT, RefusalKind.OVERLOADED]


class Rig:
    """The model's provider, its leases, the clock and the listener: all that is handed in."""

    name = "fake/model"
    provider = "fake"

    def __init__(self, *results: Answer | Refusal | Exception, simulate: int = 0) -> None:
        self.events: list[Event] = []
        self.pauses: list[float] = []
        self.secrets: list[str | None] = []
        self.settled: list[tuple[str, Answer | Refusal]] = []
        self.in_flight: dict[str, bool] = {}
        self.cancel_while_waiting = False
        self._results = list(results)
        self._simulate = simulate
        self._leases = 0
        self._now = 0.0
        self.model = LeasingModel(
            self, self, self.events.append, clock=self.clock, pause=self.pause
        )

    def run(self) -> Answer:
        return self.model.run(REQUEST)

    def clock(self) -> float:
        return self._now

    def pause(self, seconds: float) -> None:
        self.in_flight["pause"] = self.model.in_flight
        self.pauses.append(seconds)

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        assert request is REQUEST
        self.in_flight["complete"] = self.model.in_flight
        self.secrets.append(secret)
        self._now += 2.5
        result = self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def acquire(self, provider: str) -> Lease:
        assert provider == "fake"
        self.in_flight["acquire"] = self.model.in_flight
        if self.cancel_while_waiting:
            self.model.cancel()
        self._leases += 1
        return Lease(
            str(self._leases), f"key-{self._leases}", SECRET, self._leases <= self._simulate
        )

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        self.in_flight["settle"] = self.model.in_flight
        self.settled.append((lease.id, result))


def refused(kind: RefusalKind, retry_after: float | None = None) -> Refusal:
    return Refusal(kind, "not now", retry_after)


def test_a_call_has_a_lease_of_its_own() -> None:
    rig = Rig(ANSWER)
    assert rig.model.name == "fake/model"
    assert rig.run() is ANSWER
    assert rig.secrets == [SECRET]
    assert rig.settled == [("1", ANSWER)]
    assert rig.events == [
        LeaseRequested(provider="fake"),
        LeaseGranted(credential="key-1"),
        CallFinished(
            credential="key-1",
            model="fake/model-1",
            seconds=2.5,
            input_tokens=7,
            output_tokens=9,
        ),
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


@pytest.mark.parametrize("kind", [RefusalKind.RATE_LIMITED, RefusalKind.CREDENTIAL])
def test_a_credential_that_is_refused_is_the_pools_business(kind: RefusalKind) -> None:
    refusals = [refused(kind, 30.0)] * (2 * MAX_ATTEMPTS)
    rig = Rig(*refusals, ANSWER)
    assert rig.run() is ANSWER
    assert rig.pauses == []
    assert rig.settled[:2] == [("1", refusals[0]), ("2", refusals[0])]
    assert rig.settled[-1] == ("9", ANSWER)
    assert rig.events[2] == CallRefused(
        credential="key-1", refusal=kind, message="not now", retry_after=30.0
    )
    assert rig.events[3:5] == [LeaseRequested(provider="fake"), LeaseGranted(credential="key-2")]


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again_after_growing_pauses(kind: RefusalKind) -> None:
    rig = Rig(*[refused(kind)] * (MAX_ATTEMPTS - 1), ANSWER)
    assert rig.run() is ANSWER
    assert rig.pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]


@pytest.mark.parametrize("kind", PASSING)
def test_but_not_for_ever(kind: RefusalKind) -> None:
    rig = Rig(*[refused(kind)] * MAX_ATTEMPTS)
    with pytest.raises(ModelError, match="fake/model refused: not now"):
        rig.run()
    assert len(rig.settled) == MAX_ATTEMPTS
    assert len(rig.pauses) == MAX_ATTEMPTS - 1


def test_the_pause_that_the_provider_names_is_kept() -> None:
    rig = Rig(refused(RefusalKind.OVERLOADED, 12.5), refused(RefusalKind.TRANSIENT), ANSWER)
    rig.run()
    assert rig.pauses == [12.5, 2 * FIRST_PAUSE]


def test_rate_limits_are_no_failures() -> None:
    limit, broken = refused(RefusalKind.RATE_LIMITED), refused(RefusalKind.TRANSIENT)
    rig = Rig(*[limit, broken] * (MAX_ATTEMPTS - 1), limit, ANSWER)
    assert rig.run() is ANSWER


def test_each_call_has_all_its_attempts() -> None:
    rig = Rig(*([refused(RefusalKind.TRANSIENT)] * (MAX_ATTEMPTS - 1) + [ANSWER]) * 2)
    assert rig.run() is ANSWER
    assert rig.run() is ANSWER


def test_a_request_that_is_refused_for_good_is_not_repeated() -> None:
    rig = Rig(Refusal(RefusalKind.REQUEST, "too long"))
    with pytest.raises(ModelError, match="fake/model refused: too long"):
        rig.run()
    assert len(rig.settled) == 1
    assert rig.pauses == []


def test_a_simulated_rate_limit_calls_nobody() -> None:
    rig = Rig(ANSWER, simulate=2)
    assert rig.run() is ANSWER
    limit = Refusal(RefusalKind.RATE_LIMITED, "simulated", SIMULATED_BACKOFF)
    assert rig.settled == [("1", limit), ("2", limit), ("3", ANSWER)]
    assert len(rig.secrets) == 1
    assert rig.events[2] == CallRefused(
        credential="key-1", refusal="rate_limited", message="simulated", retry_after=1.0
    )


def test_exhaustion_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def acquire(_provider: str) -> Lease:
        raise CredentialsExhausted("every credential is closed")

    rig = Rig()
    monkeypatch.setattr(rig, "acquire", acquire)
    with pytest.raises(CredentialsExhausted):
        rig.run()
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
        rig.cancel_while_waiting = True
        with pytest.raises(Interrupted):
            rig.run()
        assert rig.secrets == []

    def test_nor_after_a_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rig = Rig(refused(RefusalKind.TRANSIENT), ANSWER)
        monkeypatch.setattr(rig.model, "_pause", lambda _seconds: rig.model.cancel())
        with pytest.raises(Interrupted):
            rig.run()
        assert len(rig.secrets) == 1

    def test_an_answer_that_is_on_its_way_still_comes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = Rig(ANSWER)
        monkeypatch.setattr(rig, "settle", lambda _lease, _result: rig.model.cancel())
        assert rig.run() is ANSWER


def test_no_event_and_no_error_shows_the_secret() -> None:
    rig = Rig(Refusal(RefusalKind.REQUEST, "no"))
    with pytest.raises(ModelError) as caught:
        rig.run()
    assert SECRET not in repr([rig.events, caught.value])
