import dataclasses
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core import events
from agentos.core.event_stream import EventStream
from agentos.core.events import (
    CallFinished,
    CallRefused,
    Event,
    LeaseRequested,
    Notice,
    Reported,
    RunStarted,
    StepFinished,
    decode,
    encode,
)
from agentos.core.outcomes import Outcome

CALL = {"call": "1", "credential": "a", "model": "m", "seconds": 1}
FINISHED = CALL | {"event": "call_finished"}
REFUSED = CALL | {"event": "call_refused", "refusal": "empty", "message": ""}
KINDS = [
    value
    for value in vars(events).values()
    if isinstance(value, type) and issubclass(value, Event) and value is not Event
]


@given(st.sampled_from(KINDS).flatmap(st.builds))
def test_every_event_survives_its_way_as_json(event: Event) -> None:
    text = json.dumps(encode(event))  # compared as text, for a NaN is not even equal to itself
    assert json.dumps(encode(decode(json.loads(text)))) == text
    assert type(decode(json.loads(text))) is type(event)


def test_an_event_is_a_flat_object_that_names_its_class() -> None:
    assert encode(LeaseRequested(item="LLD-42", provider="openai")) == {
        "event": "lease_requested",
        "item": "LLD-42",
        "provider": "openai",
    }
    assert "item" not in encode(Notice(text="hello"))


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Notice(text="a").text = "b"  # type: ignore[misc]  # the very thing that must fail


def test_what_is_missing_takes_its_default_and_what_is_unknown_is_ignored() -> None:
    data = {"event": "reported", "outcome": "approved", "from_the_future": 1}
    assert decode(data) == Reported(outcome=Outcome.APPROVED)


def test_a_call_ends_with_usage_that_is_known_unless_said() -> None:
    finished = decode(FINISHED)
    assert finished == CallFinished(call="1", credential="a", model="m", seconds=1.0)
    assert isinstance(finished, CallFinished)
    assert finished.usage_known
    assert not finished.truncated
    refused = decode(REFUSED | {"usage_known": False})
    assert isinstance(refused, CallRefused)
    assert (refused.usage_known, refused.code, refused.retry_after) == (False, "", None)


def test_numbers_and_lists_come_as_json_has_them() -> None:
    finished = decode({"event": "step_finished", "step": "draft", "seconds": 2})
    assert finished == StepFinished(step="draft", seconds=2.0)
    run = decode({"event": "run_started", "run_id": "r", "items": ["a", "b"], "parallel": 2})
    assert run == RunStarted(run_id="r", items=("a", "b"), parallel=2)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "no such event"),
        ({"event": "event"}, "no such event"),
        ({"event": ["notice"]}, "no such event"),
        ({"event": "notice"}, "no field 'text'"),
        ({"event": "notice", "text": 1}, "field 'text'"),
        ({"event": "reported", "outcome": "splendid"}, "splendid"),
        ({"event": "child_started", "pid": True}, "field 'pid'"),
        ({"event": "step_finished", "step": "draft", "seconds": True}, "field 'seconds'"),
        ({"event": "run_started", "run_id": "r", "items": "ab", "parallel": 1}, "field 'items'"),
        ({"event": "call_started", "credential": "a", "model": "m"}, "no field 'call'"),
        (FINISHED | {"usage_known": 1}, "field 'usage_known'"),
        (FINISHED | {"truncated": "yes"}, "field 'truncated'"),
        (FINISHED | {"cached_tokens": True}, "field 'cached_tokens'"),
        (REFUSED | {"retry_after": "5"}, "field 'retry_after'"),
    ],
)
def test_what_is_no_event_is_refused(data: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode(data)


class TestEventStream:
    def test_all_subscribers_see_all_events_in_order(self) -> None:
        seen: list[tuple[str, Event]] = []
        stream = EventStream(lambda event: seen.append(("first", event)))
        first, second = Notice(text="1"), Notice(text="2")
        stream.publish(first)
        stream.subscribe(lambda event: seen.append(("late", event)))
        stream.publish(second)
        assert seen == [("first", first), ("first", second), ("late", second)]

    def test_a_subscriber_may_publish(self) -> None:
        seen: list[str] = []
        stream = EventStream()

        def echo(event: Event) -> None:
            assert isinstance(event, Notice)
            seen.append(event.text)
            if len(event.text) < 3:
                stream.publish(Notice(text=event.text + "!"))

        stream.subscribe(echo)
        stream.publish(Notice(text="a"))
        assert seen == ["a", "a!", "a!!"]

    def test_threads_are_served_one_at_a_time(self) -> None:
        inside = 0
        most = 0

        def enter(_event: Event) -> None:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            inside -= 1

        stream = EventStream(enter)

        def publish() -> None:
            for _ in range(200):
                stream.publish(Notice(text=""))

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (inside, most) == (0, 1)
