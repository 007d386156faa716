from agentos.core.events import (
    CallFinished,
    CallRefused,
    CallStarted,
    Event,
    LeaseGranted,
    StepStarted,
)
from agentos.step_stamp import StepStamp


def started(call: str, step: str = "", attempt: int = 0) -> CallStarted:
    return CallStarted(call=call, credential="a", model="m", step=step, attempt=attempt)


def refused(call: str, step: str = "", attempt: int = 0) -> CallRefused:
    return CallRefused(
        call=call, credential="a", model="m", seconds=1.0, refusal="rate_limited", message="no",
        step=step, attempt=attempt,
    )  # fmt: skip


def finished(call: str, step: str = "", attempt: int = 0) -> CallFinished:
    return CallFinished(
        call=call, credential="a", model="m", seconds=1.0, step=step, attempt=attempt
    )


def test_calls_are_counted_within_their_step() -> None:
    told: list[Event] = []
    stamp = StepStamp(told.append)
    draft, review = StepStarted(step="draft"), StepStarted(step="review-1")
    for event in (draft, started("1"), refused("1"), started("2"), finished("2")):
        stamp(event)
    stamp(review)
    stamp(started("3"))
    stamp(started("3").abandoned("the run was stopped"))
    assert told == [
        draft,
        started("1", "draft", 1),
        refused("1", "draft", 1),
        started("2", "draft", 2),
        finished("2", "draft", 2),
        review,
        started("3", "review-1", 1),
        started("3", "review-1", 1).abandoned("the run was stopped"),
    ]


def test_other_events_pass_as_they_are() -> None:
    told: list[Event] = []
    event = LeaseGranted(credential="a")
    StepStamp(told.append)(event)
    assert told == [event]
