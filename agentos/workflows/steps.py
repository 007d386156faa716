"""Durable steps: done once, recorded, never repeated on resume."""

import time
from collections.abc import Callable
from typing import TypeVar, cast

from agentos.core.calls import Complete, Request, Usage
from agentos.core.clock import Clock, Now, utc_now
from agentos.core.events import Decided, Event, StepFinished, StepRestored, StepStarted
from agentos.workflows.journal import Journal, JsonValue

ValueT = TypeVar("ValueT", bound=JsonValue)


class Steps:
    """Runs the steps of one item against its journal.

    `check` is called before each step that is not yet done and may raise Interrupted; an event
    goes out after its step is committed. `say` takes lines for people.
    """

    def __init__(
        self,
        journal: Journal,
        emit: Callable[[Event], None],
        say: Callable[[str], None],
        *,
        check: Callable[[], None],
        clock: Clock = time.monotonic,
        now: Now = utc_now,
    ) -> None:
        self.journal = journal
        self._emit = emit
        self.say = say
        self._check = check
        self._clock = clock
        self._now = now

    def run(self, name: str, action: Callable[[], ValueT]) -> ValueT:
        """Give the step's output: the action's, or the one recorded when it was first done."""
        return self._run(name, lambda: (action(), Usage()))

    def ask(self, name: str, complete: Complete, request: Request) -> str:
        """Do a step that is one model call; its output is the answer's text."""

        def call() -> tuple[str, Usage]:
            answer = complete(request)
            if answer.truncated:
                self.say(f"{name}: the answer ends at the model's output limit (max_output_tokens)")
                self.decide("keep a cut answer", "it ends at the model's output limit")
            return answer.text, answer.usage or Usage()

        return self._run(name, call)

    def decide(self, decision: str, reason: str) -> None:
        """Tell the audit what was chosen, and why."""
        self._emit(Decided(decision=decision, reason=reason))

    def _run(self, name: str, action: Callable[[], tuple[ValueT, Usage]]) -> ValueT:
        done = self.journal.find(name)
        if done is not None:
            self._emit(StepRestored(step=name))
            return cast("ValueT", done.output)
        self._check()
        self._emit(StepStarted(step=name))
        started, began = self._now(), self._clock()
        output, usage = action()
        seconds = self._clock() - began
        record = self.journal.record(name, output, started=started, seconds=seconds, usage=usage)
        self._emit(
            StepFinished(
                step=name,
                seconds=seconds,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
            )
        )
        return cast("ValueT", record.output)  # as JSON gives it back, now as on resume
