"""What a batch has come to: one result an item, and their count."""

from collections.abc import Iterable
from dataclasses import dataclass

from agentos.core.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """How one item ended. `duration` is in seconds, 0 for one that never started."""

    item_id: str
    outcome: Outcome
    error: str | None = None
    duration: float = 0.0

    @property
    def success(self) -> bool:
        """True for approved, needs_revision and skipped."""
        return self.outcome.is_success


@dataclass(frozen=True, slots=True)
class ProgressStats:
    """Counts of a batch; `completed` leaves out what was interrupted."""

    total: int
    completed: int = 0
    failed: int = 0
    success_count: int = 0
    interrupted: int = 0

    @classmethod
    def of(cls, total: int, results: Iterable[WorkflowResult]) -> "ProgressStats":
        """Count results; those of items still to come are not among them."""
        outcomes = [result.outcome for result in results]
        interrupted = outcomes.count(Outcome.INTERRUPTED)
        return cls(
            total=total,
            completed=len(outcomes) - interrupted,
            failed=outcomes.count(Outcome.FAILED),
            success_count=sum(outcome.is_success for outcome in outcomes),
            interrupted=interrupted,
        )
