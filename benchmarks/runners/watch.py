"""One run of one runner under watch, and nothing of it left afterwards."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.runners.child import MARK
from benchmarks.runners.runners import Runner

PATIENCE = 20.0
"""Seconds after which what has not happened is said not to happen."""


@dataclass(frozen=True, slots=True)
class Run:
    """A runner at work; its output goes to a file in the folder unless it goes to a pipe."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    began: float

    @property
    def output(self) -> bytes:
        """All that it has printed so far."""
        return (self.folder / "output").read_bytes()

    def signal_group(self, signum: signal.Signals) -> None:
        """As a terminal does for Ctrl-C."""
        os.killpg(self.process.pid, signum)

    def await_traces(self, trace: str, count: int = 1) -> bool:
        """Whether as many children have left it in time."""
        return _in_time(lambda: self.traces(trace) >= count)

    def traces(self, trace: str) -> int:
        """How many children have left it."""
        return len(list(self.folder.glob(f"{trace}-*")))

    def code(self) -> int | None:
        """Its exit code as a shell tells it; None where it does not end in time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.process.wait(PATIENCE)
            return 128 - code if code < 0 else code
        return None

    def left(self) -> list[psutil.Process]:
        """Processes of the run that still live, the runner not counted."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_ours = process.environ().get(MARK) == str(self.folder)
                is_alive = process.status() != psutil.STATUS_ZOMBIE
                if is_ours and is_alive and process.pid != self.process.pid:
                    found.append(process)
        return found

    def left_after(self, seconds: float) -> int:
        """How many of them still live then."""
        deadline = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return len(left)

    def peak(self) -> int:
        """Watch until the end; the most bytes that the runner's own process took."""
        most = 0
        while self.process.poll() is None and time.monotonic() < self.began + 6 * PATIENCE:
            with contextlib.suppress(OSError, IndexError):
                status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
                most = max(most, int(status.partition("VmHWM:")[2].split()[0]) * 1024)
            time.sleep(0.02)
        return most


@contextlib.contextmanager
def running(
    runner: Runner, program: str, count: int = 1, *, stdout: int = -1, redirected: str = ""
) -> Iterator[Run]:
    """Start it; at the end of the block everything that still lives of it is killed."""
    with tempfile.TemporaryDirectory(prefix="compare-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "output").open("wb") as output:
            to = output.fileno() if stdout < 0 else stdout
            process = runner.start(folder, program, count, to, redirected=redirected)
        run = Run(process, folder, time.monotonic())
        try:
            yield run
        finally:
            if process.poll() is None:
                process.kill()
            for one in run.left():
                with contextlib.suppress(psutil.Error):
                    one.kill()
            process.wait()


def _in_time(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
