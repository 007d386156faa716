import io
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos.workflows.parallel.output_prefixer import OutputPrefixer


class Recorder:
    """Keeps each write; has nothing but what the contract lets a prefixer use."""

    def __init__(self) -> None:
        self.writes: list[Any] = []
        self.flushes = 0

    def write(self, chunk: Any, /) -> None:
        self.writes.append(chunk)

    def flush(self) -> None:
        self.flushes += 1


@pytest.fixture
def stream() -> Recorder:
    return Recorder()


def test_the_lines_of_a_chunk_go_out_as_one_write(stream: Recorder) -> None:
    prefixer = OutputPrefixer("[LLD-42]", stream)
    assert prefixer.write("one\ntwo\nthr") == 11
    assert stream.writes == ["[LLD-42] one\n[LLD-42] two\n"]
    prefixer.write("ee")
    prefixer.write("!\n")
    assert stream.writes[1:] == ["[LLD-42] three!\n"]


def test_bytes_come_out_as_bytes(stream: Recorder) -> None:
    OutputPrefixer("[é]", stream).write(b"a\xff\nb\n")
    assert stream.writes == ["[é] ".encode() + b"a\xff\n" + "[é] b\n".encode()]


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [
        ("\n", "\n"),
        ("\n\n\n\n\na\n", "\n\n\n\n\n> a\n"),
        ("a\n\n\n\nb\n\n", "> a\n\n\n\n> b\n\n"),
        ("> \n> a\n\n", "> > \n> > a\n\n"),
        ("\r\n", "> \r\n"),
    ],
)
def test_empty_lines_carry_no_prefix(stream: Recorder, chunk: str, shown: str) -> None:
    OutputPrefixer(">", stream).write(chunk)
    assert stream.writes == [shown]


def test_flush_ends_a_line_that_was_begun(stream: Recorder) -> None:
    prefixer = OutputPrefixer(">", stream)
    prefixer.write("begun")
    assert stream.writes == []
    prefixer.flush()
    prefixer.flush()
    assert stream.writes == ["> begun\n"]
    assert stream.flushes == 2


def test_a_line_takes_the_kind_it_is_ended_in(stream: Recorder) -> None:
    prefixer = OutputPrefixer(">", stream)
    prefixer.write("ä")
    prefixer.write(b"b\nc\xff")
    prefixer.write("d\n")
    prefixer.write("e\udc80")
    prefixer.write(b"")
    prefixer.flush()
    assert stream.writes == ["> äb\n".encode(), "> c\\xffd\n", rb"> e\udc80" + b"\n"]


def test_stdout_is_looked_up_when_written_to(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixer = OutputPrefixer(">")
    prefixer.write("text\n")
    prefixer.write(b"bytes\n")
    prefixer.flush()
    assert capfdbinary.readouterr().out == b"> text\n> bytes\n"
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    prefixer.write("elsewhere\n")
    assert other.getvalue() == "> elsewhere\n"


def test_without_a_stdout_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    prefixer = OutputPrefixer(">")
    assert prefixer.write("text\n") == 5
    prefixer.flush()


@given(st.text(alphabet="ab \n>"), st.lists(st.integers(0, 50), max_size=8), st.booleans())
def test_any_chunking_gives_the_same_lines(text: str, cuts: list[int], as_bytes: bool) -> None:
    stream = Recorder()
    prefixer = OutputPrefixer(">", stream)
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    for start, end in pairwise(edges):
        chunk = text[start:end]
        prefixer.write(chunk.encode() if as_bytes else chunk)
    prefixer.flush()
    lines = text.split("\n")
    ended = lines if lines[-1] else lines[:-1]
    expected = "".join(f"> {line}\n" if line else "\n" for line in ended)
    if as_bytes:
        assert b"".join(stream.writes) == expected.encode()
    else:
        assert "".join(stream.writes) == expected
    assert all(written[-1:] in ("\n", b"\n") for written in stream.writes)
