from dataclasses import replace

import pytest

from agentos.cli.batch.view import BatchView
from agentos.core.events import (
    CallRefused,
    Event,
    ItemFinished,
    LeaseGranted,
    Notice,
    RunStarted,
    StepFinished,
    StepRestored,
)
from agentos.core.outcomes import Outcome

STARTED = RunStarted(run_id="r", items=("LLD-1", "LLD-2"), parallel=2)
REFUSED = CallRefused(
    item="LLD-1",
    call="1",
    credential="a",
    model="openai/m",
    seconds=0.5,
    refusal="rate_limited",
    message="slow\x1b down",
)
STEPS: list[Event] = [
    StepRestored(item="LLD-1", step="load"),
    StepFinished(item="LLD-1", step="draft", seconds=1.5),
    REFUSED,
]


def shown(*events: Event, quiet: bool = False, verbose: bool = False) -> list[str]:
    lines: list[str] = []
    view = BatchView(lines.append, quiet=quiet, verbose=verbose)
    for event in (STARTED, *events):
        view(event)
    return lines


def finished(outcome: Outcome) -> ItemFinished:
    return ItemFinished(item="LLD-1", outcome=outcome, seconds=1.0)


def test_progress_counts_what_ended_in_its_own_right() -> None:
    lines = shown(
        finished(Outcome.SKIPPED),
        finished(Outcome.APPROVED),
        finished(Outcome.INTERRUPTED),
        finished(Outcome.FAILED),
    )
    assert lines == [
        "[=====>    ] 1/2 workflows complete",
        "[==========] 2/2 workflows complete",
    ]


def test_sentences_are_shown_escaped() -> None:
    assert shown(Notice(text="all is \x1b[31mwell")) == ["all is \\x1b[31mwell"]


def test_steps_are_for_the_verbose() -> None:
    assert shown(*STEPS, LeaseGranted(item="LLD-1", credential="a")) == []
    assert shown(*STEPS, verbose=True) == [
        "[LLD-1] step load restored",
        "[LLD-1] step draft done in 1.50 s",
        "[LLD-1] openai/m gave no answer (rate_limited) with a: slow\\x1b down",
    ]


@pytest.mark.parametrize("refusal", ["transient", "empty"])
def test_that_a_call_is_made_again_is_said_where_nobody_else_says_it(refusal: str) -> None:
    refused = replace(REFUSED, refusal=refusal, code="busy")
    line = f"[LLD-1] openai/m gave no answer ({refusal}, busy) with a: slow\\x1b down"
    assert shown(refused) == shown(refused, verbose=True) == [line]
    assert shown(refused, quiet=True) == []


@pytest.mark.parametrize("refusal", ["rate_limited", "credential", "request"])
def test_of_other_refusals_the_pool_and_the_items_end_tell(refusal: str) -> None:
    refused = replace(REFUSED, refusal=refusal)
    assert shown(refused) == []
    assert len(shown(refused, verbose=True)) == 1


@pytest.mark.parametrize("urgent", [True, False])
def test_quiet_keeps_to_what_is_urgent(urgent: bool) -> None:
    notice = Notice(text="[LLD-1] FAILED: why", urgent=urgent)
    assert shown(notice, finished(Outcome.APPROVED), quiet=True) == [notice.text] * urgent
