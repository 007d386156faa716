import signal
from dataclasses import replace

import pytest

from agentos.core.events import Reported
from agentos.core.outcomes import Outcome
from agentos.engines.engine import ChildEnd

APPROVED = Reported(outcome=Outcome.APPROVED, document="docs/lld/active/LLD-042.md")
FAILED = Reported(outcome=Outcome.FAILED, error="the issue is not UTF-8 text")
INTERRUPTED = Reported(outcome=Outcome.INTERRUPTED, error="stopped before the next step")


def failed(error: str) -> Reported:
    return Reported(outcome=Outcome.FAILED, error=error)


def killed(error: str) -> Reported:
    """A failure that the next attempt may not meet."""
    return replace(failed(error), may_pass=True)


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (ChildEnd(APPROVED, 0), APPROVED),
        (ChildEnd(INTERRUPTED, 0), INTERRUPTED),
        (ChildEnd(FAILED, 1), FAILED),
        (ChildEnd(FAILED, 0), FAILED),
        # A good report that came before the stop is believed.
        (ChildEnd(APPROVED, 0, asked_to_end=True), APPROVED),
        (ChildEnd(APPROVED, 0, timed_out=60.0), APPROVED),
        (ChildEnd(FAILED, 1, timed_out=60.0), FAILED),
        # The exit code has the last word about a good one.
        (ChildEnd(APPROVED, 1), failed("the child reported approved but left with exit code 1")),
        (ChildEnd(APPROVED, -signal.SIGKILL), killed("the child was ended by SIGKILL")),
        (ChildEnd(None, 0), failed("the child left with exit code 0 and no report")),
        (ChildEnd(None, 3), failed("the child left with exit code 3 and no report")),
        (ChildEnd(None, -signal.SIGSEGV), killed("the child was ended by SIGSEGV")),
        (
            ChildEnd(None, 75),
            killed("the machine has no room for it, not even for a report of what it lacks"),
        ),
        (ChildEnd(APPROVED, 75), failed("the child reported approved but left with exit code 75")),
        (ChildEnd(None, -250), killed("the child was ended by signal 250")),
        # Who was asked to end and did not, or ended badly, goes on with the next run.
        (ChildEnd(None, -signal.SIGKILL, asked_to_end=True), Reported(outcome=Outcome.INTERRUPTED)),
        (ChildEnd(APPROVED, 1, asked_to_end=True), Reported(outcome=Outcome.INTERRUPTED)),
        # Whose own time was up has failed, whatever it says of itself.
        (
            ChildEnd(None, -signal.SIGKILL, timed_out=60.0),
            failed("not finished within its time limit of 60 s"),
        ),
        (
            ChildEnd(INTERRUPTED, 0, timed_out=0.5, last_step="draft"),
            failed("not finished within its time limit of 0.5 s in step draft"),
        ),
        (
            ChildEnd(None, -signal.SIGTERM, asked_to_end=True, timed_out=60.0),
            failed("not finished within its time limit of 60 s"),
        ),
    ],
)
def test_what_an_end_counts_as(end: ChildEnd, verdict: Reported) -> None:
    assert end.verdict() == verdict
