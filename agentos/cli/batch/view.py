"""What a batch looks like while it runs: a subscriber that turns events into console lines."""

from collections.abc import Callable

from agentos.core.calls import RefusalKind
from agentos.core.events import (
    AttemptFailed,
    CallRefused,
    Event,
    ItemFinished,
    Notice,
    RunStarted,
    StepFinished,
    StepRestored,
)
from agentos.core.outcomes import Outcome
from agentos.core.terminal_text import printable
from agentos.reporting.summary import progress_line

_PASSING = (RefusalKind.TRANSIENT, RefusalKind.EMPTY)


def is_passing(event: CallRefused) -> bool:
    """Whether the same call is made again and nobody else says so; not told, it looks hung."""
    return event.refusal in _PASSING


def refusal_line(event: CallRefused) -> str:
    """Who gave no answer, and why: text from outside, to be escaped."""
    reason = f"{event.refusal}, {event.code}" if event.code else event.refusal
    return f"{event.model} gave no answer ({reason}) with {event.credential}: {event.message}"


def _attempt_line(event: AttemptFailed) -> str:
    return (
        f"[{event.item}] attempt {event.attempt} of {event.attempts} failed: {event.error}; "
        f"tries again in {event.pause:.0f}s"
    )


class BatchView:
    """Says what people want to know; `quiet`: only what is urgent, `verbose`: every step, too."""

    def __init__(
        self, say: Callable[[str], None], *, quiet: bool = False, verbose: bool = False
    ) -> None:
        self._say = say
        self._quiet = quiet
        self._verbose = verbose
        self._total = 0
        self._done = 0

    def __call__(self, event: Event) -> None:
        """Show one event, if it is worth a line."""
        match event:
            case RunStarted():
                self._total = len(event.items)
            case Notice(text=text, urgent=urgent) if urgent or not self._quiet:
                self._say(printable(text))
            case AttemptFailed():
                self._say(printable(_attempt_line(event)))
            case ItemFinished(outcome=outcome) if outcome is not Outcome.SKIPPED:
                self._finished(event)
            case StepFinished() if self._verbose:
                self._say(f"[{event.item}] step {event.step} done in {event.seconds:.2f} s")
            case StepRestored() if self._verbose:
                self._say(f"[{event.item}] step {event.step} restored")
            case CallRefused() if self._verbose or (is_passing(event) and not self._quiet):
                self._say(printable(f"[{event.item}] {refusal_line(event)}"))

    def _finished(self, event: ItemFinished) -> None:
        if event.outcome is Outcome.INTERRUPTED:
            return
        self._done += 1
        if not self._quiet:
            self._say(progress_line(self._done, self._total))
