import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.outcomes import Outcome
from agentos.workflows.parallel.progress import ProgressStats, WorkflowResult

outcomes = st.lists(st.sampled_from(Outcome))


@pytest.mark.parametrize(
    ("outcome", "success"),
    [
        (Outcome.APPROVED, True),
        (Outcome.NEEDS_REVISION, True),
        (Outcome.SKIPPED, True),
        (Outcome.FAILED, False),
        (Outcome.INTERRUPTED, False),
    ],
)
def test_success_of_a_result(outcome: Outcome, success: bool) -> None:
    assert WorkflowResult("LLD-1", outcome).success is success


def test_the_interrupted_are_counted_apart() -> None:
    results = [WorkflowResult(str(n), outcome) for n, outcome in enumerate(Outcome)]
    assert ProgressStats.of(7, results) == ProgressStats(
        total=7, completed=4, failed=1, success_count=3, interrupted=1
    )


@given(outcomes, st.integers(0, 5))
def test_every_result_is_counted_once(ended: list[Outcome], to_come: int) -> None:
    results = [WorkflowResult("", outcome) for outcome in ended]
    stats = ProgressStats.of(len(ended) + to_come, results)
    assert stats.completed + stats.interrupted == len(ended)
    assert stats.success_count + stats.failed == stats.completed
    assert stats.total == len(ended) + to_come
