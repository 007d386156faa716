import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.outcomes import Outcome
from agentos.reporting.summary import exit_code, progress_line, summary_line, tally

APPROVED, NEEDS_REVISION, FAILED, INTERRUPTED, SKIPPED = Outcome


def labelled(*outcomes: Outcome) -> dict[str, Outcome]:
    return {f"LLD-{number}": outcome for number, outcome in enumerate(outcomes, start=1)}


def test_a_tally_names_every_outcome() -> None:
    assert tally([FAILED, APPROVED, FAILED]) == {
        APPROVED: 1,
        NEEDS_REVISION: 0,
        FAILED: 2,
        INTERRUPTED: 0,
        SKIPPED: 0,
    }


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ([], "nothing to do"),
        ([APPROVED], "1 approved"),
        ([NEEDS_REVISION], "1 needs revision"),
        ([FAILED, NEEDS_REVISION, NEEDS_REVISION], "2 need revision, 1 failed (LLD-1)"),
        ([SKIPPED] * 3, "3 skipped"),
        (
            [INTERRUPTED, FAILED, APPROVED, SKIPPED, INTERRUPTED, FAILED],
            "1 approved, 2 failed (LLD-2, LLD-6), 2 interrupted (LLD-1, LLD-5), 1 skipped",
        ),
    ],
)
def test_the_summary_is_one_line(outcomes: list[Outcome], line: str) -> None:
    assert summary_line(labelled(*outcomes)) == line


def test_the_summary_that_users_grep_for() -> None:
    results = {f"LLD-{number}": APPROVED for number in range(8)}
    results |= {"LLD-8": NEEDS_REVISION, "LLD-9": NEEDS_REVISION, "LLD-42": FAILED}
    assert summary_line(results) == "8 approved, 2 need revision, 1 failed (LLD-42)"


@pytest.mark.parametrize(
    ("done", "total", "line"),
    [
        (0, 10, "[>         ] 0/10 workflows complete"),
        (5, 10, "[=====>    ] 5/10 workflows complete"),
        (9, 10, "[=========>] 9/10 workflows complete"),
        (10, 10, "[==========] 10/10 workflows complete"),
        (1, 3, "[===>      ] 1/3 workflows complete"),
        (999, 1000, "[=========>] 999/1000 workflows complete"),
        (0, 0, "[==========] 0/0 workflows complete"),
    ],
)
def test_the_progress_bar(done: int, total: int, line: str) -> None:
    assert progress_line(done, total) == line


@given(total=st.integers(0, 500), done=st.integers(0, 500), width=st.integers(1, 60))
def test_the_bar_keeps_its_width_and_is_full_only_at_the_end(
    total: int, done: int, width: int
) -> None:
    bar, _, _ = progress_line(done, total, width)[1:].partition("]")
    assert len(bar) == width
    assert (bar == "=" * width) == (done >= total)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], 0),
        ([APPROVED, APPROVED], 0),
        ([APPROVED, NEEDS_REVISION], 3),
        ([NEEDS_REVISION, FAILED, APPROVED], 1),
        ([APPROVED, INTERRUPTED], 1),
        ([SKIPPED], 0),
    ],
)
def test_the_exit_code_follows_the_worst_outcome(outcomes: list[Outcome], expected: int) -> None:
    assert exit_code(outcomes) == expected


@pytest.mark.parametrize("outcomes", [[], [APPROVED], [NEEDS_REVISION], [FAILED], [INTERRUPTED]])
def test_what_stopped_the_run_goes_before_its_outcomes(outcomes: list[Outcome]) -> None:
    assert exit_code(outcomes, output_failed=True) == 1
    assert exit_code(outcomes, output_failed=True, exhausted=True) == 4
    assert exit_code(outcomes, output_failed=True, exhausted=True, signal=2) == 130
    assert exit_code(outcomes, signal=15) == 143
