"""How a workflow's process waits for a model while it stays open to a wish to stop.

The main thread runs the workflow and owns the journal; a model call runs in a daemon thread.
Whatever concerns the main thread arrives as a word on its inbox, and is heeded while it waits for
a call and before each step.
"""

import queue
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agentos.core.calls import Answer, Request
from agentos.core.clock import Clock
from agentos.core.errors import Interrupted
from agentos.core.heartbeat import BEAT
from agentos.core.inbox import next_word


@dataclass(frozen=True, slots=True)
class ParentGone:
    """The lifeline ended: nobody is left to report to."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call's thread is done; exactly one of the two is set."""

    call: object
    answer: Answer | None = None
    error: BaseException | None = None


Word = int | ParentGone | CallEnded
"""An int is the number of a signal: all that a handler may put."""

Inbox = queue.SimpleQueue[Word]


class Call(Protocol):
    """One question on its way to an answer, leasing and retrying included."""

    def run(self, request: Request) -> Answer:
        """Block until there is an answer; raises what `Complete` raises."""

    @property
    def in_flight(self) -> bool:
        """Whether a model is working on it right now, so that abandoning it costs something."""

    def cancel(self) -> None:
        """Begin no further attempt; one in flight goes on."""

    def abandon(self, reason: str) -> bool:
        """Wait no more; False if the answer is here after all and about to be told."""


class Interruption:
    """Runs calls so that a stop is heeded: `grace` seconds for one in flight, none without.

    SIGTERM, a second signal or a parent that is gone take the grace away. `beat()` is called every
    `beat_every` seconds while it waits: whoever hears it knows that this thread heeds its inbox.
    """

    def __init__(
        self,
        inbox: Inbox,
        *,
        grace: float,
        beat: Callable[[], None] = lambda: None,
        beat_every: float = BEAT,
        clock: Clock = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._grace = grace
        self._beat = beat
        self._beat_every = beat_every
        self._clock = clock
        self._deadline: float | None = None

    def check(self) -> None:
        """Raise Interrupted when a stop was asked for; to be called before each step."""
        while True:
            try:
                self._heed(self._inbox.get_nowait())
            except queue.Empty:
                break
        if self._deadline is not None:
            raise Interrupted("stopped before the next step")

    def wait_for(self, call: Call, request: Request) -> Answer:
        """Run the call in a daemon thread and wait for its end or for the end of patience."""
        self.check()
        threading.Thread(target=self._run, args=(call, request), name="call", daemon=True).start()
        has_answer = False
        while True:
            word = next_word(self._inbox) if has_answer else self._next_word()
            if isinstance(word, CallEnded) and word.call is call:
                if word.error is not None:
                    raise word.error
                assert word.answer is not None  # noqa: S101 - one of the two is set
                return word.answer
            if word is not None:
                self._heed(word)
                call.cancel()
            if self._deadline is not None and (
                not call.in_flight or self._clock() >= self._deadline
            ):
                if call.abandon("the run was stopped"):
                    raise Interrupted("stopped while waiting for the model")
                has_answer = True  # paid for, so it is kept

    def _run(self, call: Call, request: Request) -> None:
        try:
            self._inbox.put(CallEnded(call, answer=call.run(request)))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._inbox.put(CallEnded(call, error=error))

    def _next_word(self) -> Word | None:
        every = self._beat_every
        left = every if self._deadline is None else self._deadline - self._clock()
        try:
            return next_word(self._inbox, max(0.0, min(left, every)))
        except queue.Empty:
            self._beat()
            return None

    def _heed(self, word: Word) -> None:
        now = self._clock()
        match word:
            case int(signum):
                firm = self._deadline is not None or signum == signal.SIGTERM
                self._deadline = now if firm else now + self._grace
            case ParentGone():
                self._deadline = now
            case CallEnded():
                pass  # a call that was abandoned came after all
