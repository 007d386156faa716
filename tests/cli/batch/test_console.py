import errno
import io
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentos.cli.batch import console as console_module
from agentos.cli.batch.console import Console, stdout_fd
from agentos.workflows.parallel.output_prefixer import OutputPrefixer

LONG = 60  # seconds that nothing here takes
CAPACITY = console_module._CAPACITY


class Pipe:
    """A pipe that somebody may read in the background."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        self._read = b""
        self._thread = threading.Thread(target=self._collect)

    def fill(self) -> int:
        """Make the next write block; returns how many bytes that took."""
        os.set_blocking(self.write_fd, False)
        filled = 0
        for size in (4096, 1):
            try:
                while True:
                    filled += os.write(self.write_fd, b"." * size)
            except BlockingIOError:
                pass
        os.set_blocking(self.write_fd, True)
        return filled

    def start_reading(self) -> None:
        self._thread.start()

    def all(self) -> bytes:
        """Everything that was written; the console must be closed."""
        os.close(self.write_fd)
        if not self._thread.ident:
            self.start_reading()
        self._thread.join(LONG)
        return self._read

    def _collect(self) -> None:
        while chunk := os.read(self.read_fd, 65536):
            self._read += chunk
        os.close(self.read_fd)


class Errors(list[Exception]):
    """Those that a console reported; the first can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = threading.Event()

    def __call__(self, error: Exception) -> None:
        self.append(error)
        self.reported.set()

    @property
    def numbers(self) -> list[int | None]:
        return [error.errno if isinstance(error, OSError) else None for error in self]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def errors() -> Errors:
    return Errors()


def fill_queue(console: Console) -> int:
    """Write numbered lines of 1 KiB until the next would wait; returns how many."""
    count = 0
    while console._waiting < CAPACITY:
        console.write(b"%-1023d\n" % count)
        count += 1
    return count


def wait_for_room(console: Console) -> None:
    with console._changed:
        assert console._changed.wait_for(lambda: console._waiting < CAPACITY, LONG)


def test_lines_are_written_and_close_waits_for_them(pipe: Pipe, errors: Errors) -> None:
    console = Console(pipe.write_fd, errors)
    console.start()
    assert console.write(b"one\ntwo\n") == 8
    console.say("drei \udc80 ✓")
    assert console.write(b"") == 0
    console.flush()
    assert console.close(LONG)
    console.write(b"too late\n")
    console.say("too late")
    assert pipe.all() == "one\ntwo\ndrei \\udc80 ✓\n".encode()
    assert errors == []


def test_nothing_is_written_and_no_error_told_before_it_is_started(
    pipe: Pipe, errors: Errors
) -> None:
    pipe_of_nobody, for_reading = Console(None, errors), Console(pipe.read_fd, errors)
    console = Console(pipe.write_fd, errors)
    console.say("early")
    assert not pipe_of_nobody._thread.ident
    assert not select.select([pipe.read_fd], [], [], 0)[0]
    assert errors == []
    for one in (pipe_of_nobody, for_reading):
        one.start()
        one.close(LONG)
    assert errors.numbers == [errno.EBADF] * 2
    console.start()
    console.close(LONG)
    assert pipe.all() == b"early\n"


def test_what_nobody_expects_is_an_error_too(
    pipe: Pipe, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_fd: int, _data: bytes) -> int:
        raise MemoryError

    console = Console(pipe.write_fd, errors)
    monkeypatch.setattr(os, "write", write)
    console.start()
    console.say("a line")
    console.close(LONG)
    [error] = errors
    assert isinstance(error, MemoryError)
    assert pipe.all() == b""


def test_it_is_the_stream_of_a_prefixer(pipe: Pipe, errors: Errors) -> None:
    console = Console(pipe.write_fd, errors)
    console.start()
    prefixer = OutputPrefixer("[LLD-42]", console)
    prefixer.write(b"one\ntwo")
    prefixer.flush()
    console.close(LONG)
    assert pipe.all() == b"[LLD-42] one\n[LLD-42] two\n"


def test_the_lines_of_many_threads_arrive_once_whole_and_in_order(
    pipe: Pipe, errors: Errors
) -> None:
    pipe.start_reading()
    console = Console(pipe.write_fd, errors, patience=LONG)
    console.start()

    def chunk(writer: int, number: int) -> bytes:
        line = b"%d:%d:%s\n" % (writer, number, b"x" * (number % 700))
        return line * (1 + number % 3)

    def write(writer: int) -> None:
        for number in range(1000):
            console.write(chunk(writer, number))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    console.close(LONG)
    out = pipe.all()
    pending = {writer: iter(range(1000)) for writer in range(6)}
    position = 0
    while position < len(out):
        writer = int(out[position : out.index(b":", position)])
        expected = chunk(writer, next(pending[writer]))
        assert out[position : position + len(expected)] == expected
        position += len(expected)
    assert all(next(numbers, None) is None for numbers in pending.values())


def test_a_reader_that_does_not_read_holds_writers_back(pipe: Pipe, errors: Errors) -> None:
    filled = pipe.fill()
    console = Console(pipe.write_fd, errors, patience=LONG)
    console.start()
    count = fill_queue(console)
    writer = threading.Thread(target=console.write, args=(b"held back\n",))
    writer.start()
    console.say("never held back")
    pipe.start_reading()
    writer.join(LONG)
    console.close(LONG)
    out = pipe.all()[filled:]
    assert b"skipped" not in out
    lines = [int(line) for line in out.split(b"\n") if line.strip().isdigit()]
    assert lines == list(range(count))
    assert out.endswith((b"never held back\nheld back\n", b"held back\nnever held back\n"))


def test_after_a_while_lines_are_skipped_and_counted(pipe: Pipe, errors: Errors) -> None:
    filled = pipe.fill()
    clock = Clock()
    console = Console(pipe.write_fd, errors, patience=5.0, clock=clock)
    console.start()
    count = fill_queue(console)
    clock.now = 5.0
    for _ in range(10):
        console.write(b"skipped\nskipped\n")
    console.say("our own")
    pipe.start_reading()
    wait_for_room(console)
    console.write(b"after\n")
    console.close(LONG)
    tail = pipe.all()[filled + count * 1024 :]
    assert tail == (
        b"our own\n[COORDINATOR] 20 lines were skipped: the console did not keep up\nafter\n"
    )


def test_one_skipped_line_is_said_in_the_singular(pipe: Pipe, errors: Errors) -> None:
    pipe.fill()
    console = Console(pipe.write_fd, errors, patience=0)
    console.start()
    fill_queue(console)
    console.write(b"skipped\n")
    pipe.start_reading()
    console.close(LONG)
    assert pipe.all().endswith(b"\n[COORDINATOR] 1 line was skipped: the console did not keep up\n")


def test_our_own_lines_have_a_limit_too(pipe: Pipe, errors: Errors) -> None:
    pipe.fill()
    console = Console(pipe.write_fd, errors, patience=0)
    console.start()
    for _ in range(3 * CAPACITY // 1024):
        console.say("x" * 1023)
    assert console._waiting == 2 * CAPACITY
    pipe.start_reading()
    console.close(LONG)
    assert b"[COORDINATOR] 1024 lines were skipped" in pipe.all()


def test_patience_begins_anew_with_whatever_is_read(pipe: Pipe, errors: Errors) -> None:
    pipe.fill()
    clock = Clock()
    console = Console(pipe.write_fd, errors, patience=5.0, clock=clock)
    console.start()
    fill_queue(console)
    clock.now = 4.0
    os.read(pipe.read_fd, 65536)
    wait_for_room(console)
    fill_queue(console)
    clock.now = 8.0
    writer = threading.Thread(target=console.write, args=(b"in time\n",))
    writer.start()
    pipe.start_reading()
    writer.join(LONG)
    console.close(LONG)
    assert pipe.all().endswith(b"\nin time\n")


def test_close_does_not_wait_for_a_blocked_reader(pipe: Pipe, errors: Errors) -> None:
    pipe.fill()
    console = Console(pipe.write_fd, errors)
    console.start()
    console.write(b"never read\n")
    assert not console.close(0)
    assert pipe.all().endswith(b"never read\n")


def test_close_releases_those_who_wait(pipe: Pipe, errors: Errors) -> None:
    pipe.fill()
    console = Console(pipe.write_fd, errors, patience=LONG)
    console.start()
    fill_queue(console)
    writer = threading.Thread(target=console.write, args=(b"held back\n",))
    writer.start()
    console.close(0)
    writer.join(LONG)
    assert not writer.is_alive()
    assert pipe.all().endswith(b"did not keep up\n")


def test_a_terminal_that_another_program_made_non_blocking_is_waited_for(
    pipe: Pipe, errors: Errors
) -> None:
    os.set_blocking(pipe.write_fd, False)
    console = Console(pipe.write_fd, errors)
    console.start()
    data = b"".join(b"%d\n" % number for number in range(50_000))
    console.write(data)
    pipe.start_reading()
    console.close(LONG)
    assert pipe.all() == data
    assert errors == []


class TestErrors:
    def test_a_reader_that_is_gone_is_reported_once(self, pipe: Pipe, errors: Errors) -> None:
        console = Console(pipe.write_fd, errors)
        console.start()
        os.close(pipe.read_fd)
        console.write(b"into the void\n")
        assert errors.reported.wait(LONG)
        console.write(b"dropped\n")
        console.say("dropped")
        console.close(LONG)
        os.close(pipe.write_fd)
        assert errors.numbers == [errno.EPIPE]

    def test_those_who_wait_are_released(self, pipe: Pipe, errors: Errors) -> None:
        pipe.fill()
        console = Console(pipe.write_fd, errors, patience=LONG)
        console.start()
        fill_queue(console)
        writer = threading.Thread(target=console.write, args=(b"held back\n",))
        writer.start()
        os.close(pipe.read_fd)
        writer.join(LONG)
        assert not writer.is_alive()
        assert errors.reported.wait(LONG)
        console.close(LONG)
        os.close(pipe.write_fd)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
    def test_a_full_disk_is_reported(self, errors: Errors) -> None:
        with Path("/dev/full").open("wb") as full:
            console = Console(full.fileno(), errors)
            console.start()
            console.say("no room")
            console.close(LONG)
        assert errors.numbers == [errno.ENOSPC]

    def test_no_stdout_at_all_is_reported_at_once(self, pipe: Pipe, errors: Errors) -> None:
        consoles = [Console(None, errors)]
        os.close(pipe.write_fd)
        os.close(pipe.read_fd)
        consoles.append(Console(pipe.write_fd, errors))
        for console in consoles:
            console.start()
            console.close(LONG)
        assert errors.numbers == [errno.EBADF] * 2


def test_a_file_that_takes_over_the_number_is_not_written_to(
    tmp_path: Path, pipe: Pipe, errors: Errors
) -> None:
    mine = os.dup(pipe.write_fd)
    console = Console(mine, errors)
    console.start()
    with (tmp_path / "file").open("wb") as file:
        os.dup2(file.fileno(), mine)
        console.say("hello")
        console.close(LONG)
    os.close(mine)
    assert pipe.all() == b"hello\n"
    assert (tmp_path / "file").read_bytes() == b""


def test_a_program_started_without_stdout_writes_into_no_file(tmp_path: Path) -> None:
    script = """
import errno, os, sys
from agentos.cli.batch.console import Console, stdout_fd
file = open(sys.argv[1], "wb")
assert file.fileno() == 1, file.fileno()
console = Console(stdout_fd(), lambda error: sys.stderr.write(errno.errorcode[error.errno]))
console.start()
console.say("hello")
console.close(60)
"""
    file = tmp_path / "file"
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", script, file],
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"EBADF")
    assert file.read_bytes() == b""


def test_stdout_has_a_descriptor_only_if_it_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "file").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert stdout_fd() == file.fileno()
    assert stdout_fd() is None  # closed
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert stdout_fd() is None
    monkeypatch.setattr(sys, "stdout", None)
    assert stdout_fd() is None
