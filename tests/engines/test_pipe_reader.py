import os
import threading
from collections.abc import Iterator

import pytest

from agentos.core.errors import EngineBusy
from agentos.engines.pipe_reader import PipeReader

PATIENCE = 60  # seconds that nothing here takes


def no_fault(error: Exception) -> None:
    pytest.fail(repr(error))


class Rig:
    """A pipe and what is read of it, once the reader may go on."""

    def __init__(self) -> None:
        source, self.write_fd = os.pipe()
        self.read = b""
        self.may_read = threading.Event()
        self.reader = PipeReader(source, "a reader", self.work, no_fault)
        self.reader.start()

    def work(self, chunks: Iterator[bytes]) -> None:
        assert self.may_read.wait(PATIENCE)
        for chunk in chunks:
            self.read += chunk


@pytest.fixture(autouse=True)
def no_descriptor_is_left_open() -> Iterator[None]:
    before = os.listdir("/dev/fd")
    yield
    assert len(os.listdir("/dev/fd")) == len(before)


def test_a_pipe_is_read_to_its_end() -> None:
    rig = Rig()
    rig.may_read.set()
    os.write(rig.write_fd, b"x" * 1000)
    os.close(rig.write_fd)
    rig.reader.finish()
    assert rig.read == b"x" * 1000


def test_one_that_is_still_held_is_read_to_its_last_byte_however_late() -> None:
    rig = Rig()
    os.write(rig.write_fd, b"x" * 50_000)
    rig.reader.finish(0)
    rig.may_read.set()
    rig.reader.finish(PATIENCE)
    assert rig.read == b"x" * 50_000
    os.close(rig.write_fd)


def test_where_no_thread_starts_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    source, write_fd = os.pipe()
    reader = PipeReader(source, "a reader", lambda _chunks: None, no_fault)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(EngineBusy):
        reader.start()
    reader.finish()
    os.close(write_fd)
