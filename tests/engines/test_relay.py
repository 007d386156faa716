import errno
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentos.core.errors import EngineBusy
from agentos.core.masking import Masker
from agentos.core.terminal_text import LineCleaner
from agentos.engines.relay import OutputRelay
from agentos.workflows.parallel.output_prefixer import OutputPrefixer, Stream

SECRET = "sk-0123456789"
PATIENCE = 60  # seconds that nothing here takes

needs_dev_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)


class Screen:
    """Collects what is shown."""

    def __init__(self) -> None:
        self.shown = b""

    def write(self, chunk: bytes, /) -> None:
        assert chunk.endswith(b"\n")
        self.shown += chunk

    def flush(self) -> None:
        """Nothing is held."""


class Rig:
    """A pipe, a relay that reads it, and all that comes out."""

    def __init__(self, log: BinaryIO, stream: Stream | None = None) -> None:
        self.screen = Screen()
        self.errors: list[OSError] = []
        self.faults: list[Exception] = []
        source, self.write_fd = os.pipe()
        self.relay = OutputRelay(
            source,
            "[LLD-42]",
            log=log,
            masker=Masker([SECRET]),
            stream=stream or self.screen,
            on_error=self.errors.append,
        )
        self.relay.start(self.faults.append)
        os.close(source)

    def write(self, data: bytes) -> None:
        assert os.write(self.write_fd, data) == len(data)

    def end(self) -> None:
        os.close(self.write_fd)
        self.relay.finish(PATIENCE)
        self.assert_ended()

    def assert_ended(self) -> None:
        assert not self.thread.is_alive()

    @property
    def thread(self) -> threading.Thread:
        assert self.relay._reader is not None
        return self.relay._reader._thread


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "LLD-42.log"


@pytest.fixture
def rig(log_path: Path) -> Rig:
    return Rig(log_path.open("wb", buffering=0))


@pytest.fixture(autouse=True)
def no_descriptor_is_left_open() -> Iterator[None]:
    before = os.listdir("/dev/fd")
    yield
    assert len(os.listdir("/dev/fd")) == len(before)


def test_the_log_gets_all_and_the_console_clean_lines(rig: Rig, log_path: Path) -> None:
    output = b"\x1b[2Jhello\r\n10%\r20%\n\n\xff\x00 no newline"
    rig.write(output)
    rig.end()
    assert log_path.read_bytes() == output
    assert rig.screen.shown == (
        b"[LLD-42] hello\n[LLD-42] 20%\n\n" + rb"[LLD-42] \xff\x00 no newline" + b"\n"
    )
    assert rig.errors == []


def test_a_secret_is_masked_also_when_it_comes_in_parts(rig: Rig, log_path: Path) -> None:
    for part in (b"key sk-01", b"2345", b"6789\n", b"at the end: sk-"):
        rig.write(part)
    rig.end()
    assert log_path.read_bytes() == b"key ***\nat the end: sk-"
    assert rig.screen.shown == b"[LLD-42] key ***\n[LLD-42] at the end: sk-\n"


def test_a_real_child_is_relayed_to_its_end(rig: Rig, log_path: Path) -> None:
    script = "import sys\nfor i in range(20000): print(i, file=(sys.stdout, sys.stderr)[i % 2])"
    subprocess.run(
        [sys.executable, "-u", "-c", script], stdout=rig.write_fd, stderr=rig.write_fd, check=True
    )
    rig.end()
    assert log_path.read_bytes() == b"".join(b"%d\n" % i for i in range(20000))
    assert rig.screen.shown == b"".join(b"[LLD-42] %d\n" % i for i in range(20000))


def test_a_pipe_that_is_still_held_is_drained_and_left(rig: Rig, log_path: Path) -> None:
    rig.write(b"x" * 50_000)
    rig.write(b"last words")
    rig.relay.finish(PATIENCE)
    rig.assert_ended()
    assert log_path.read_bytes() == b"x" * 50_000 + b"last words"
    rig.relay.finish(PATIENCE)
    os.close(rig.write_fd)


def test_a_grandchild_that_never_stops_printing_is_left(rig: Rig) -> None:
    with subprocess.Popen(["yes"], stdout=rig.write_fd) as grandchild:
        os.close(rig.write_fd)
        try:
            rig.relay.finish(PATIENCE)
            rig.assert_ended()
        finally:
            grandchild.kill()


def test_a_relay_that_has_ended_by_itself_can_be_finished(rig: Rig) -> None:
    os.close(rig.write_fd)
    rig.thread.join(PATIENCE)
    rig.relay.finish(PATIENCE)
    assert rig.errors == []


def test_a_fault_of_the_thread_is_told(log_path: Path) -> None:
    class WithoutMemory(Screen):
        def write(self, chunk: bytes, /) -> None:
            raise MemoryError

    log = log_path.open("wb")
    rig = Rig(log, WithoutMemory())
    rig.write(b"a line\n")
    rig.end()
    [fault] = rig.faults
    assert isinstance(fault, MemoryError)
    assert log.closed


def test_a_relay_that_was_never_started_can_be_finished(log_path: Path) -> None:
    with log_path.open("wb") as log:
        relay = OutputRelay(
            0, "x", log=log, masker=Masker([]), stream=Screen(), on_error=lambda _error: None
        )
        relay.finish(0)


@pytest.mark.parametrize("free", [0, 1, 2])
def test_without_open_files_to_spare_no_relay_starts_and_nothing_is_left_open(
    log_path: Path, free: int
) -> None:
    source, write_fd = os.pipe()
    log = log_path.open("wb")
    faults: list[Exception] = []
    relay = OutputRelay(
        source, "x", log=log, masker=Masker([]), stream=Screen(), on_error=lambda _error: None
    )
    with only_free_descriptors(free), pytest.raises(EngineBusy, match="no child can be started"):
        relay.start(faults.append)
    relay.finish(0)
    assert faults == []
    assert log.closed
    os.close(source)
    os.close(write_fd)


@contextmanager
def only_free_descriptors(number: int) -> Iterator[None]:
    """As many as that may be opened in the block."""
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(number)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # No number below is free: the lowest free one is the one to be opened next.
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    for fd in taken:
        os.close(fd)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@needs_dev_full
@pytest.mark.parametrize("buffering", [0, -1])
def test_a_log_that_cannot_be_written_is_said_once_and_relaying_goes_on(buffering: int) -> None:
    rig = Rig(os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering))
    for _ in range(3):
        rig.write(b"line\n")
    rig.end()
    assert [error.errno for error in rig.errors] == [errno.ENOSPC]
    assert rig.screen.shown == b"[LLD-42] line\n" * 3


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "gone"), ValueError("closed")])
def test_a_console_that_fails_is_left_alone(log_path: Path, error: Exception) -> None:
    calls = 0

    class Failing(Screen):
        def write(self, _chunk: bytes, /) -> None:
            nonlocal calls
            calls += 1
            raise error

    rig = Rig(log_path.open("wb"), Failing())
    rig.write(b"one\n")
    rig.write(b"two\nthree")
    rig.end()
    assert log_path.read_bytes() == b"one\ntwo\nthree"
    assert calls == 1
    assert rig.errors == []


def test_a_console_that_holds_the_relay_up_does_not_hold_up_finish(log_path: Path) -> None:
    go_on = threading.Event()

    class Slow(Screen):
        def write(self, chunk: bytes, /) -> None:
            go_on.wait(PATIENCE)
            super().write(chunk)

    screen = Slow()
    rig = Rig(log_path.open("wb"), screen)
    rig.write(b"one\ntwo")
    rig.relay.finish(0)
    assert rig.thread.is_alive()
    go_on.set()
    rig.end()
    assert screen.shown == b"[LLD-42] one\n[LLD-42] two\n"
    assert log_path.read_bytes() == b"one\ntwo"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([b"a", b"\n", b"\r", b"sk-0123", b"456789", b"\x1b[31m", b"\xc3", b"\xa9"]),
        max_size=20,
    )
)
def test_what_comes_out_does_not_depend_on_how_it_was_read(
    log_path: Path, chunks: list[bytes]
) -> None:
    rig = Rig(log_path.open("wb"))
    for chunk in chunks:
        rig.write(chunk)
    rig.end()
    masked = b"".join(chunks).replace(SECRET.encode(), b"***")
    assert log_path.read_bytes() == masked
    cleaner = LineCleaner()
    expected = Screen()
    prefixer = OutputPrefixer("[LLD-42]", expected)
    prefixer.write(cleaner.feed(masked) + cleaner.finish())
    assert rig.screen.shown == expected.shown
