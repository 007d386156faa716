from collections.abc import Callable

import pytest

from agentos.core.clock import Now
from agentos.core.events import Event, Notice, StepFinished, StepRestored
from agentos.core.items import Kind
from agentos.core.paths import StatePaths
from agentos.records.experience import Experience, past_experience
from agentos.records.run_folder import RunFolder

RunOf = Callable[..., RunFolder]


def never(error: OSError) -> None:
    raise AssertionError(error)


def step(name: str, tokens: int = 0, item: str = "LLD-1") -> StepFinished:
    return StepFinished(item=item, step=name, seconds=1.0, output_tokens=tokens)


@pytest.fixture
def run_of(paths: StatePaths, now: Now) -> Callable[..., None]:
    """Records one run after the other."""
    numbers = iter(range(100))

    def record(*events: Event) -> None:
        run_id = f"20261123T1815{next(numbers):02}Z-3fa9"
        run = RunFolder.create(paths, run_id=run_id, now=now, settings={}, on_error=never)
        for event in events:
            run.record(event)

    return record


def test_without_a_past_there_is_no_experience(paths: StatePaths) -> None:
    assert past_experience(paths, Kind.LLD) == Experience()


def test_drafts_revisions_and_reviews_are_what_they_took(paths: StatePaths, run_of: RunOf) -> None:
    run_of(
        step("load"),
        step("draft", 900),
        step("check-1", 5),
        step("review-1", 80),
        step("revise-1", 1000),
        step("review-2", 60),
        step("draft", 700, "LLD-2"),
        step("review-1", 50, "LLD-2"),
    )
    assert past_experience(paths, Kind.LLD) == Experience(
        drafts=(900, 1000, 700), reviews=(80, 60, 50), rounds=(2, 1)
    )


def test_only_items_of_the_kind_count(paths: StatePaths, run_of: RunOf) -> None:
    run_of(step("draft", 900, "ISSUE-dark-mode"), step("draft", 700))
    assert past_experience(paths, Kind.ISSUE).drafts == (900,)
    assert past_experience(paths, Kind.LLD).drafts == (700,)


def test_what_took_nothing_or_was_not_done_teaches_nothing(
    paths: StatePaths, run_of: RunOf
) -> None:
    run_of(
        Notice(text="draft"),
        StepRestored(item="LLD-1", step="draft"),
        step("draft"),
        step("review-1"),
    )
    assert past_experience(paths, Kind.LLD) == Experience()


def test_the_newest_runs_count(paths: StatePaths, run_of: RunOf) -> None:
    for number in range(25):
        run_of(step("draft", 100 + number))
    assert past_experience(paths, Kind.LLD).drafts == tuple(range(105, 125))
