"""The rows: one fault each, and what was seen of it in words."""

import os
import re
import signal
import time
from collections.abc import Callable

from benchmarks.runners.child import CLIPBOARD, LINES, LONG_LINE, STRANGE, TITLE, line_of
from benchmarks.runners.runners import Runner
from benchmarks.runners.watch import PATIENCE, Run, running

_WRITERS = 10


def interrupted(runner: Runner) -> str:
    """Ctrl-C, and a child that needs 3 s to checkpoint."""
    return _checkpoint(runner, lambda run: run.signal_group(signal.SIGINT))


def terminated(runner: Runner) -> str:
    """SIGTERM to the runner, and a child that needs 3 s to checkpoint."""
    return _checkpoint(runner, lambda run: run.process.send_signal(signal.SIGTERM))


def hung_up(runner: Runner) -> str:
    """SIGHUP, as of a terminal that is closed, and a child that needs 3 s to checkpoint."""
    return _checkpoint(runner, lambda run: run.signal_group(signal.SIGHUP))


def ignored(runner: Runner) -> str:
    """Ctrl-C, and a child that ignores SIGINT and SIGTERM."""
    with running(runner, "ignores") as run:
        run.await_traces("at-work")
        began = time.monotonic()
        run.signal_group(signal.SIGINT)
        code = run.code()
        return f"{_ended(code, time.monotonic() - began)}{_left(run.left_after(1))}"


def insisted(runner: Runner) -> str:
    """A second Ctrl-C half a second after the first, and a child that ignores both, and SIGTERM."""
    with running(runner, "ignores") as run:
        run.await_traces("at-work")
        run.signal_group(signal.SIGINT)
        time.sleep(0.5)
        began = time.monotonic()
        if run.process.poll() is None:
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


def full_device(runner: Runner) -> str:
    """Its output goes to /dev/full; the child prints on."""
    return _without_console(runner, ">/dev/full 2>&1")


def closed_stdout(runner: Runner) -> str:
    """Started with its stdout closed; the child prints on."""
    return _without_console(runner, ">&-")


def strange_bytes(runner: Runner) -> str:
    """A NUL byte and invalid UTF-8."""
    with running(runner, "says_strange_bytes") as run:
        code = run.code()
        forms = {
            "as they are": STRANGE,
            "escaped": rb"a\x00b caf\xe9",
            "the NUL as it is, the rest replaced": b"a\0b caf\xef\xbf\xbd",
        }
        shown = next((f"shown {form}" for form, it in forms.items() if it in run.output), "lost")
        return f"{shown}, {_ended(code)}"


def sequences(runner: Runner) -> str:
    """Escape sequences for the terminal's title and clipboard."""
    with running(runner, "says_strange_bytes") as run:
        run.code()
        passed = [
            name
            for name, sequence in (("title", TITLE), ("clipboard", CLIPBOARD))
            if sequence in run.output
        ]
        text = "text shown" if b"text" in run.output else "text lost"
        return f"{' and '.join(passed)} reach the terminal" if passed else f"taken out, {text}"


def failing(runner: Runner) -> str:
    """One of three children ends with exit code 3."""
    with running(runner, "fails", 3) as run:
        return _ended(run.code())


def dying(runner: Runner) -> str:
    """One of three children dies of SIGSEGV."""
    with running(runner, "dies", 3) as run:
        code = run.code()
        named = b"SIGSEGV" in run.output or b"-11" in run.output
        return f"{_ended(code)}, {'the signal is named' if named else 'no word of the signal'}"


ROWS: tuple[Callable[[Runner], str], ...] = (
    interrupted,
    terminated,
    hung_up,
    ignored,
    insisted,
    grandchild,
    killed,
    long_line,
    no_newline,
    writers,
    closed_pipe,
    full_device,
    closed_stdout,
    strange_bytes,
    sequences,
    failing,
    dying,
)


def _checkpoint(runner: Runner, ask: Callable[[Run], object]) -> str:
    with running(runner, "checkpoints") as run:
        run.await_traces("at-work")
        ask(run)
        code = run.code()
        left = run.left_after(5)
        kept = "checkpoint kept" if run.traces("checkpoint") else "checkpoint lost"
        line = "last line shown" if b"the last line" in run.output else "last line lost"
        return f"{kept}, {line}, {_ended(code)}{_left(left)}"


def _without_console(runner: Runner, redirected: str) -> str:
    with running(runner, "talks_and_checkpoints", redirected=redirected) as run:
        code = run.code()
        return f"{_told(run)}, {_ended(code)}{_left(run.left_after(1))}"


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
    if not run.traces("at-work"):
        return "no child began"
    if run.traces("checkpoint"):
        return "the child was asked to end"
    return "the child met a broken pipe" if run.traces("broken-pipe") else "the child heard nothing"


def _lines_of(text: str, number: int) -> list[str]:
    found = re.findall(rf"(writer {number} line \d+ \.*)$", text, re.MULTILINE)
    return [str(line) for line in found]


def _said_by(number: int) -> list[str]:
    return [line_of(number, line) for line in range(LINES)]
