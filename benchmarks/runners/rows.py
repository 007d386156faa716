"""The rows: one fault each, and what was seen of it in words."""

import os
import re
import signal
import time
from collections.abc import Callable

from benchmarks.runners.child import LINES, LONG_LINE, line_of
from benchmarks.runners.runners import Runner
from benchmarks.runners.watch import PATIENCE, Run, running

_WRITERS = 10


def interrupted(runner: Runner) -> str:
    """Ctrl-C, and a child that needs 3 s to checkpoint."""
    with running(runner, "checkpoints") as run:
        run.await_traces("at-work")
        run.signal_group(signal.SIGINT)
        code = run.code()
        left = run.left_after(5)
        kept = "checkpoint kept" if run.traces("checkpoint") else "checkpoint lost"
        line = "last line shown" if b"the last line" in run.output else "last line lost"
        return f"{kept}, {line}, {_ended(code)}{_left(left)}"


def ignored(runner: Runner) -> str:
    """Ctrl-C, and a child that ignores SIGINT and SIGTERM."""
    with running(runner, "ignores") as run:
        run.await_traces("at-work")
        began = time.monotonic()
        run.signal_group(signal.SIGINT)
        code = run.code()
        return f"{_ended(code, time.monotonic() - began)}{_left(run.left_after(1))}"


def grandchild(runner: Runner) -> str:
    """A grandchild that holds the pipe after its parent has left."""
    with running(runner, "leaves_a_grandchild") as run:
        run.await_traces("at-work")
        began = time.monotonic()
        code = run.code()
        return f"{_ended(code, time.monotonic() - began)}{_left(run.left_after(1))}"


def killed(runner: Runner) -> str:
    """SIGKILL to the runner, with three children at work."""
    with running(runner, "works", 3) as run:
        run.await_traces("at-work", 3)
        children = [one for one in run.left() if "benchmarks.runners.child" in one.cmdline()]
        run.process.kill()
        run.process.wait()
        run.left_after(3)
        alive = [one for one in children if one.is_running() and one in run.left()]
        return f"{len(alive)} of {len(children)} children live on" if alive else "no child lives on"


def long_line(runner: Runner) -> str:
    """200 MB in one line."""
    with running(runner, "says_a_long_line") as run:
        peak = run.peak()
        whole = run.output.count(b"x") >= LONG_LINE * 1_000_000
        what = "all of it shown" if whole else "not all of it shown"
        return f"{what}, peak {peak / 1e6:.0f} MB, {_ended(run.code())}"


def no_newline(runner: Runner) -> str:
    """Two children, each with a last line that has no newline."""
    with running(runner, "says_no_newline", 2) as run:
        code = run.code()
        text = run.output.decode()
        whole = [len(re.findall(rf"last of {n}$", text, re.MULTILINE)) for n in (1, 2)]
        shown = "both lines whole" if whole == [1, 1] else "lines glued together or lost"
        return f"{shown}, {_ended(code)}"


def writers(runner: Runner) -> str:
    """Ten children that write 20,000 lines each, as fast as they can."""
    with running(runner, "writes_fast", _WRITERS) as run:
        deadline = time.monotonic() + 6 * PATIENCE
        while run.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        text = run.output.decode(errors="replace")
        right = sum(_lines_of(text, n) == _said_by(n) for n in range(1, _WRITERS + 1))
        found = len(re.findall(r"writer \d+ line \d+ \.*$", text, re.MULTILINE))
        return f"{right} of {_WRITERS} whole and in order, {found} of {_WRITERS * LINES} lines"


def closed_pipe(runner: Runner) -> str:
    """Its reader leaves, as `| head -1` does; the child prints on."""
    read_fd, write_fd = os.pipe()
    with running(runner, "talks_and_checkpoints", stdout=write_fd) as run:
        os.close(write_fd)
        run.await_traces("at-work")
        os.read(read_fd, 1)
        os.close(read_fd)
        code = run.code()
        left = run.left_after(1)
        return f"{_told(run)}, {_ended(code)}{_left(left)}"


def failing(runner: Runner) -> str:
    """One of three children ends with exit code 3."""
    with running(runner, "fails", 3) as run:
        return _ended(run.code())


ROWS: tuple[Callable[[Runner], str], ...] = (
    interrupted,
    ignored,
    grandchild,
    killed,
    long_line,
    no_newline,
    writers,
    closed_pipe,
    failing,
)


def _ended(code: int | None, seconds: float | None = None) -> str:
    if code is None:
        return f"does not end within {PATIENCE:.0f} s"
    after = "" if seconds is None else f" after {seconds:.1f} s"
    return f"exit code {code}{after}"


def _left(processes: int) -> str:
    if not processes:
        return ""
    return f", {processes} process left" if processes == 1 else f", {processes} processes left"


def _told(run: Run) -> str:
    if run.traces("checkpoint"):
        return "the child was asked to end"
    return "the child met a broken pipe" if run.traces("broken-pipe") else "the child heard nothing"


def _lines_of(text: str, number: int) -> list[str]:
    found = re.findall(rf"(writer {number} line \d+ \.*)$", text, re.MULTILINE)
    return [str(line) for line in found]


def _said_by(number: int) -> list[str]:
    return [line_of(number, line) for line in range(LINES)]
