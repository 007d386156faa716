import itertools
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from agentos.core.calls import Answer, Request, RequestKind
from agentos.core.errors import Interrupted, ModelError
from agentos.core.inbox import HEARTBEAT
from agentos.interruption import CallEnded, Inbox, Interruption, ParentGone, Word

PATIENCE = 60  # seconds that nothing here takes
REQUEST = Request(RequestKind.DRAFT_LLD)
ANSWER = Answer("# A draft", "embedded")


class FakeCall:
    """A call whose thread puts words on the inbox, as handlers would, and then does as told."""

    def __init__(self, inbox: Inbox, *words: Word, in_flight: bool = True) -> None:
        self.in_flight = in_flight
        self.released = threading.Event()
        self.cancelled = 0
        self.abandoned: list[str] = []
        self.thread: threading.Thread | None = None
        self._inbox = inbox
        self._words = words

    def run(self, request: Request) -> Answer:
        assert request is REQUEST
        self.thread = threading.current_thread()
        for word in self._words:
            self._inbox.put(word)
        return self.answer()

    def answer(self) -> Answer:
        return ANSWER

    def cancel(self) -> None:
        self.cancelled += 1

    def abandon(self, reason: str) -> bool:
        self.abandoned.append(reason)
        return True


class EndlessCall(FakeCall):
    """One that has no answer until the test is over."""

    def answer(self) -> Answer:
        assert self.released.wait(PATIENCE)
        return ANSWER


class LandedCall(EndlessCall):
    """One whose answer is here when it shall be abandoned, and is told only then."""

    def __init__(self, inbox: Inbox, *words: Word, later: tuple[Word, ...] = ()) -> None:
        super().__init__(inbox, *words)
        self._later = later

    def abandon(self, reason: str) -> bool:
        super().abandon(reason)
        for word in self._later:
            self._inbox.put(word)
        self._later = ()
        self.released.set()
        return False


@pytest.fixture
def inbox() -> Inbox:
    return queue.SimpleQueue()


@pytest.fixture
def endless(inbox: Inbox) -> Iterator[Callable[..., EndlessCall]]:
    """Makes calls that end with the test."""
    calls: list[EndlessCall] = []

    def make(*words: Word, in_flight: bool = True) -> EndlessCall:
        calls.append(EndlessCall(inbox, *words, in_flight=in_flight))
        return calls[-1]

    yield make
    for call in calls:
        call.released.set()


def standing_still(inbox: Inbox, grace: float = 1e9) -> Interruption:
    """An interruption for which no time passes: only words can end a wait."""
    return Interruption(inbox, grace=grace, clock=lambda: 7.0)


class TestCheck:
    def test_nothing_has_happened(self, inbox: Inbox) -> None:
        standing_still(inbox).check()

    @pytest.mark.parametrize(
        "word", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, ParentGone()], ids=str
    )
    def test_a_stop_holds_from_then_on(self, inbox: Inbox, word: Word) -> None:
        interruption = standing_still(inbox)
        inbox.put(word)
        for _ in range(2):
            with pytest.raises(Interrupted, match="stopped before the next step"):
                interruption.check()

    def test_the_end_of_a_call_is_no_stop(self, inbox: Inbox) -> None:
        inbox.put(CallEnded(object(), answer=ANSWER))
        standing_still(inbox).check()
        assert inbox.empty()


class TestWaitFor:
    def test_the_answer_comes_from_a_daemon_thread(self, inbox: Inbox) -> None:
        call = FakeCall(inbox)
        assert standing_still(inbox).wait_for(call, REQUEST) is ANSWER
        assert call.thread is not None
        assert call.thread.daemon
        assert call.thread is not threading.current_thread()
        assert call.cancelled == 0

    @pytest.mark.parametrize("error", [ModelError("refused"), SystemExit(3)], ids=repr)
    def test_what_the_call_raises_is_raised_here(self, inbox: Inbox, error: BaseException) -> None:
        class Failing(FakeCall):
            def answer(self) -> Answer:
                raise error

        with pytest.raises(type(error)) as caught:
            standing_still(inbox).wait_for(Failing(inbox), REQUEST)
        assert caught.value is error

    def test_no_call_is_made_after_a_stop(self, inbox: Inbox) -> None:
        call = FakeCall(inbox)
        inbox.put(signal.SIGINT)
        with pytest.raises(Interrupted, match="stopped before the next step"):
            standing_still(inbox).wait_for(call, REQUEST)
        assert call.thread is None

    @pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGHUP], ids=str)
    def test_an_answer_within_the_grace_is_taken(
        self, inbox: Inbox, signum: signal.Signals
    ) -> None:
        call = FakeCall(inbox, signum)
        interruption = standing_still(inbox)
        assert interruption.wait_for(call, REQUEST) is ANSWER
        assert call.cancelled == 1
        assert call.abandoned == []
        with pytest.raises(Interrupted):
            interruption.check()

    def test_the_end_of_another_call_is_passed_over(self, inbox: Inbox) -> None:
        call = FakeCall(inbox, CallEnded(object(), answer=Answer("stale", "embedded")))
        assert standing_still(inbox).wait_for(call, REQUEST) is ANSWER

    def test_after_the_grace_the_call_is_abandoned(
        self, inbox: Inbox, endless: Callable[..., EndlessCall]
    ) -> None:
        times = iter(range(0, 1000, 2))  # each look at the clock finds it two seconds on
        interruption = Interruption(inbox, grace=3.0, clock=lambda: next(times))
        call = endless(signal.SIGINT)
        with pytest.raises(Interrupted, match="stopped while waiting for the model"):
            interruption.wait_for(call, REQUEST)
        assert call.cancelled == 1
        assert call.abandoned == ["the run was stopped"]
        call.released.set()
        assert call.thread is not None
        call.thread.join(PATIENCE)
        with pytest.raises(Interrupted, match="stopped before the next step"):
            interruption.check()

    @pytest.mark.parametrize(
        "words",
        [
            [signal.SIGTERM],
            [ParentGone()],
            [signal.SIGINT, signal.SIGINT],
            [signal.SIGHUP, signal.SIGINT],
            [signal.SIGINT, ParentGone()],
        ],
        ids=str,
    )
    def test_who_insists_gives_no_grace(
        self, inbox: Inbox, endless: Callable[..., EndlessCall], words: list[Word]
    ) -> None:
        with pytest.raises(Interrupted, match="stopped while waiting for the model"):
            standing_still(inbox).wait_for(endless(*words), REQUEST)

    @pytest.mark.parametrize("word", [signal.SIGTERM, ParentGone()], ids=str)
    def test_an_answer_that_is_here_when_patience_ends_is_taken(
        self, inbox: Inbox, word: Word
    ) -> None:
        call = LandedCall(inbox, word)
        interruption = standing_still(inbox)
        assert interruption.wait_for(call, REQUEST) is ANSWER
        assert call.abandoned
        with pytest.raises(Interrupted, match="stopped before the next step"):
            interruption.check()

    def test_it_is_waited_for_at_rest(self) -> None:
        class Watched(queue.SimpleQueue[Word]):
            timeouts: ClassVar[list[float | None]] = []

            def get(self, block: bool = True, timeout: float | None = None) -> Word:
                self.timeouts.append(timeout)
                return super().get(block, timeout)

        inbox = Watched()
        call = LandedCall(inbox, signal.SIGTERM)
        assert standing_still(inbox).wait_for(call, REQUEST) is ANSWER
        assert len(call.abandoned) == 1
        assert inbox.timeouts[-1] == HEARTBEAT

    def test_nor_does_a_further_wish_to_stop_lose_it(self, inbox: Inbox) -> None:
        later = (signal.SIGINT, CallEnded(object(), answer=Answer("stale", "embedded")))
        call = LandedCall(inbox, signal.SIGINT, later=later)
        assert standing_still(inbox, grace=0.0).wait_for(call, REQUEST) is ANSWER

    def test_what_is_raised_after_the_answer_came_is_raised_here(self, inbox: Inbox) -> None:
        class Failing(LandedCall):
            def answer(self) -> Answer:
                super().answer()
                raise ModelError("it cannot be settled")

        with pytest.raises(ModelError, match="it cannot be settled"):
            standing_still(inbox).wait_for(Failing(inbox, signal.SIGTERM), REQUEST)

    def test_without_grace_nothing_is_waited_for(
        self, inbox: Inbox, endless: Callable[..., EndlessCall]
    ) -> None:
        with pytest.raises(Interrupted):
            standing_still(inbox, grace=0.0).wait_for(endless(signal.SIGINT), REQUEST)

    def test_a_call_that_only_waits_for_its_lease_is_not_waited_for(
        self, inbox: Inbox, endless: Callable[..., EndlessCall]
    ) -> None:
        call = endless(signal.SIGINT, in_flight=False)
        with pytest.raises(Interrupted, match="stopped while waiting for the model"):
            standing_still(inbox).wait_for(call, REQUEST)
        assert call.cancelled == 1

    @pytest.mark.parametrize("words", [[], [signal.SIGINT]], ids=str)
    def test_its_heart_beats_for_as_long_as_it_waits(
        self, inbox: Inbox, endless: Callable[..., EndlessCall], words: list[Word]
    ) -> None:
        call = endless(*words)
        beats = itertools.count(1)

        def beat() -> None:
            if next(beats) == 3:
                call.released.set()

        interruption = Interruption(inbox, grace=1e9, beat=beat, beat_every=0.0, clock=lambda: 7.0)
        assert interruption.wait_for(call, REQUEST) is ANSWER
        assert next(beats) > 3

    def test_a_real_signal_ends_a_wait_of_the_main_thread(
        self, inbox: Inbox, endless: Callable[..., EndlessCall]
    ) -> None:
        class Signalling(EndlessCall):
            def answer(self) -> Answer:
                os.kill(os.getpid(), signal.SIGINT)
                return super().answer()

        call = Signalling(inbox)
        before = signal.signal(signal.SIGINT, lambda signum, _frame: inbox.put(signum))
        try:
            with pytest.raises(Interrupted):
                standing_still(inbox, grace=0.0).wait_for(call, REQUEST)
        finally:
            signal.signal(signal.SIGINT, before)
            call.released.set()
