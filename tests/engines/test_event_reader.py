import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.core.events import (
    CallAbandoned,
    CallFinished,
    CallRefused,
    CallStarted,
    ChildStarted,
    Event,
    ItemFinished,
    Notice,
    Reported,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    encode,
)
from agentos.core.outcomes import Outcome
from agentos.engines.event_reader import MAX_LINE, masked, read_events

SECRET = "sk-0123456789"
STEP = b'{"event":"step_started","step":"draft"}'


def mask(text: str) -> str:
    return text.replace(SECRET, "***")


def chunks_of(fd: int) -> Iterator[bytes]:
    return iter(lambda: os.read(fd, 65536), b"")


def line(event: Event) -> bytes:
    return json.dumps(encode(event)).encode() + b"\n"


class Pipe:
    """What a child writes, and what is read of it."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()

    def events_of(self, *chunks: bytes) -> list[Event]:
        """Write all of it from another thread, since a pipe holds little, and read to its end."""

        def write() -> None:
            with os.fdopen(self.write_fd, "wb", buffering=0) as file:
                for chunk in chunks:
                    file.write(chunk)

        writer = threading.Thread(target=write)
        writer.start()
        events = list(read_events(chunks_of(self.read_fd), mask))
        writer.join()
        return events


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.read_fd)


def test_events_come_in_their_order(pipe: Pipe) -> None:
    events = [StepStarted(step="draft"), StepFinished(step="draft", seconds=0.5)]
    assert pipe.events_of(*map(line, events)) == events


def test_each_event_is_there_as_soon_as_its_line_is() -> None:
    pipe = Pipe()
    events = read_events(chunks_of(pipe.read_fd), mask)
    for step in ("load", "draft"):
        os.write(pipe.write_fd, line(StepStarted(step=step)))
        assert next(events) == StepStarted(step=step)
    os.close(pipe.write_fd)
    assert list(events) == []
    os.close(pipe.read_fd)


@given(st.lists(st.integers(1, 200), max_size=20))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    pipe = Pipe()
    events: list[Event] = [StepStarted(step=f"draft {n} \N{SNOWMAN}") for n in range(3)]
    data = b"".join(map(line, events))
    reader = read_events(chunks_of(pipe.read_fd), mask)
    read: list[Event] = []
    for cut in [*cuts, len(data)]:
        chunk, data = data[:cut], data[cut:]
        os.write(pipe.write_fd, chunk)
        read += [next(reader) for _ in range(chunk.count(b"\n"))]
    os.close(pipe.write_fd)
    assert list(reader) == []
    os.close(pipe.read_fd)
    assert read == events


def test_a_line_that_was_never_ended_is_no_event(pipe: Pipe) -> None:
    assert pipe.events_of(STEP + b"\n" + STEP) == [StepStarted(step="draft")]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"hello",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"42",
        b'"reported"',
        b"{}",
        b'{"event":"no_such_thing"}',
        b'{"event":"step_started"}',
        b'{"event":"step_started","step":1}',
        b'{"event":"reported","outcome":"splendid"}',
        b'{"event":"step_finished","step":"draft","seconds":1' + b"0" * 400 + b"}",
        b"1" * 5000,
        b"[" * 100_000,
    ],
    ids=lambda rubbish: repr(rubbish[:30]),
)
def test_what_is_no_event_is_skipped_and_the_next_one_read(pipe: Pipe, rubbish: bytes) -> None:
    assert pipe.events_of(rubbish + b"\n" + STEP + b"\n") == [StepStarted(step="draft")]


def test_a_line_without_an_end_is_not_kept_for_ever(pipe: Pipe) -> None:
    endless = b" " * (2 * MAX_LINE)
    assert pipe.events_of(endless, b"\n", STEP + b"\n") == [StepStarted(step="draft")]


def test_nothing_of_a_line_that_is_too_long_counts() -> None:
    chunks = [b"x" * (MAX_LINE + 1), STEP + b"\n" + line(StepStarted(step="review"))]
    assert list(read_events(chunks, mask)) == [StepStarted(step="review")]


@pytest.mark.parametrize(
    "event",
    [
        RunStarted(run_id="r", items=(SECRET,), parallel=1),
        ChildStarted(pid=1),
        ItemFinished(outcome=Outcome.APPROVED, seconds=0.0),
        RunFinished(exit_code=0),
        Notice(text="[COORDINATOR] all is well"),
    ],
)
def test_what_only_the_parent_says_is_skipped(pipe: Pipe, event: Event) -> None:
    assert pipe.events_of(line(event) + STEP + b"\n") == [StepStarted(step="draft")]


def test_every_text_is_masked(pipe: Pipe) -> None:
    refused = CallRefused(
        call="7",
        credential="main",
        model="openai/m",
        seconds=0.5,
        refusal="credential",
        message=f"bad key {SECRET}",
        code=f"invalid {SECRET}",
        limits=("requests", SECRET),
        retry_after=1.0,
    )
    [event] = pipe.events_of(line(refused))
    limits = ("requests", "***")
    assert event == replace(refused, message="bad key ***", code="invalid ***", limits=limits)


@pytest.mark.parametrize(
    "event",
    [
        CallStarted(call="7", credential="main", model="openai/m", most_input_tokens=9),
        CallFinished(call="7", credential="main", model="openai/m", seconds=0.5, usage_known=False),
        CallAbandoned(call="7", credential="main", model="openai/m", reason="stopped"),
    ],
)
def test_a_child_tells_of_its_calls(pipe: Pipe, event: Event) -> None:
    assert pipe.events_of(line(event)) == [event]


def test_an_escaped_secret_is_masked_as_what_it_means(pipe: Pipe) -> None:
    spelled = "".join(f"\\u{ord(char):04x}" for char in SECRET)
    [event] = pipe.events_of(f'{{"event":"step_started","step":"{spelled}"}}\n'.encode())
    assert event == StepStarted(step="***")


def test_an_outcome_is_no_text_of_a_childs() -> None:
    report = masked(Reported(outcome=Outcome.APPROVED), lambda _text: "gone")
    assert isinstance(report, Reported)
    assert report.outcome is Outcome.APPROVED
    assert report.error == "gone"
