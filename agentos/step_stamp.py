"""Which step a call was made for: known to the steps and not to who makes the call."""

from collections.abc import Callable
from dataclasses import replace

from agentos.core.events import CallEvent, CallStarted, Event, StepStarted


class StepStamp:
    """Passes one item's events on to `emit`, those of calls with their step and attempt.

    An item has at most one call in flight, and none outside of a step.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._step = ""
        self._attempt = 0

    def __call__(self, event: Event) -> None:
        """Subscriber: pass the event on."""
        if isinstance(event, StepStarted):
            self._step, self._attempt = event.step, 0
        if isinstance(event, CallStarted):
            self._attempt += 1
        if isinstance(event, CallEvent):
            event = replace(event, step=self._step, attempt=self._attempt)
        self._emit(event)
