"""Where a child runs, as the rest of the program sees it."""

import signal
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from agentos.core.child_spec import ChildSpec
from agentos.core.events import Reported
from agentos.core.outcomes import Outcome
from agentos.core.shortage import NO_ROOM_EXIT_CODE


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child left: its report, if one came, and its status as subprocess counts it.

    `asked_to_end` is true when a stop reached it; `timed_out` and `silent_for` are the limits, in
    seconds, that it met of its own.
    """

    report: Reported | None
    returncode: int
    asked_to_end: bool = False
    timed_out: float | None = None
    silent_for: float | None = None
    last_step: str = ""

    def verdict(self) -> Reported:
        """What the end counts as: a non-zero exit overrides a good report; no report is a failure.

        A child that had to be killed after it was asked to end is interrupted: its steps are in
        its journal.
        """
        if self.report is not None and self._report_holds(self.report):
            return self.report
        step = f" in step {self.last_step}" if self.last_step else ""
        if self.timed_out is not None:
            return Reported(
                outcome=Outcome.FAILED,
                error=f"not finished within its time limit of {self.timed_out:g} s{step}",
            )
        if self.silent_for is not None:
            return Reported(
                outcome=Outcome.FAILED,
                error=f"gave no sign of life for {self.silent_for:g} s{step}",
                may_pass=True,
            )
        if self.asked_to_end:
            return Reported(outcome=Outcome.INTERRUPTED)
        may_pass = self.returncode < 0 or self._had_no_room
        return Reported(outcome=Outcome.FAILED, error=self._complaint(), may_pass=may_pass)

    def _report_holds(self, report: Reported) -> bool:
        if report.outcome is Outcome.FAILED:
            return True
        was_late = self.timed_out is not None or self.silent_for is not None
        cut_short = was_late and report.outcome is Outcome.INTERRUPTED
        return self.returncode == 0 and not cut_short

    @property
    def _had_no_room(self) -> bool:
        return self.report is None and self.returncode == NO_ROOM_EXIT_CODE

    def _complaint(self) -> str:
        if self.returncode < 0:
            name = _signal_name(-self.returncode)
            return f"the child was ended by {name}"
        if self._had_no_room:
            return "the machine has no room for it, not even for a report of what it lacks"
        if self.report is None:
            return f"the child left with exit code {self.returncode} and no report"
        return f"the child reported {self.report.outcome} but left with exit code {self.returncode}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Engine(Protocol):
    """Starts children, watches them, and ends them."""

    def run(self, spec: ChildSpec) -> ChildEnd:
        """Run one child to its end; blocks the calling thread.

        Raises EngineError when it cannot be started or watched.
        """

    def has_room(self, running: int) -> bool:
        """Whether one more child may start beside those of so many items that run."""

    def why_no_room(self) -> str:
        """Why there was none the last time, without a full stop; empty if there was."""

    def paused(self) -> AbstractContextManager[None]:
        """Hold every child still for the block, and its deadlines with it."""

    def stop(self) -> None:
        """Pass on one wish to end to every running child; a further call firmer than the last."""
