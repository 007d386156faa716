"""One run of a program: the prompt in, its output out, and nothing of it left afterwards.

Between this process and the program stands a guardian, which ends whatever the program started,
also when this process is killed in the middle.
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum, auto
from io import FileIO
from pathlib import Path

from agentos.core.clock import Clock
from agentos.core.model_settings import TimeLimits
from agentos.core.paths import GUARDIAN_VARIABLE, JOURNAL_VARIABLE
from agentos.models.command.guardian import LINUX, remove

MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes of stdout and stderr together; more is no answer."""

_CHUNK = 64 * 1024
_DRAIN_WITHIN = 1.0
"""Seconds for what is left in the pipes; who still holds them is out of the guardian's reach."""

_END_WITHIN = 15.0
"""Seconds for the guardian to end everything, a little more than it gives itself."""

# Without site packages it starts in half the time; elsewhere than on Linux it needs psutil.
_GUARDIAN = (
    sys.executable,
    "-I",
    *(("-S",) if LINUX else ()),
    str(Path(__file__).with_name("guardian.py")),
)


@dataclass(frozen=True, slots=True)
class Program:
    """What to execute; `environment` is all that it gets and may hold its key."""

    executable: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


class End(Enum):
    """How a run ended."""

    EXITED = auto()
    NOT_STARTED = auto()
    STALLED = auto()
    TOO_LONG = auto()
    OVERSIZED = auto()
    LOST = auto()  # the guardian was killed


@dataclass(frozen=True, slots=True)
class Run:
    """`code` is the exit code of what EXITED, negative for a signal, the errno of NOT_STARTED."""

    end: End
    code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""


def run(
    program: Program,
    prompt: bytes,
    limits: TimeLimits,
    environ: Mapping[str, str],
    *,
    clock: Clock = time.monotonic,
) -> Run:
    """Run it in an empty folder of its own; `environ` is what the guardian runs with.

    Raises OSError when this machine is out of processes, descriptors or space.
    """
    folder = tempfile.mkdtemp(prefix="agentos-")
    try:
        with _guarded(program, folder, environ) as ends:
            return _Dialogue(ends, prompt, limits, clock).hold()
    finally:
        remove(folder)  # the guardian did, unless it was killed


@dataclass(frozen=True, slots=True)
class _Ends:
    """Our ends of the program's three pipes, and of the one for the guardian's report."""

    prompt: FileIO
    stdout: FileIO
    stderr: FileIO
    report: FileIO


@contextlib.contextmanager
def _guarded(program: Program, folder: str, environ: Mapping[str, str]) -> Iterator[_Ends]:
    """Start the program under its guardian; on the way out everything ends."""
    with ExitStack() as ours, ExitStack() as theirs:
        stdin, prompt = _pipe(theirs, ours)
        stdout, stdout_writer = _pipe(ours, theirs)
        stderr, stderr_writer = _pipe(ours, theirs)
        report, report_writer = _pipe(ours, theirs)
        stdio = (stdin.fileno(), stdout_writer.fileno(), stderr_writer.fileno())
        guardian = subprocess.Popen(
            _GUARDIAN,
            stdin=subprocess.PIPE,
            stdout=report_writer,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=stdio,
            cwd=folder,
            env=_environment_of_guardian(environ),
            start_new_session=True,
        )
        ours.callback(_end, guardian)
        theirs.close()
        spec = {
            "argv": program.argv,
            "executable": program.executable,
            "environment": dict(program.environment),
            "stdio": stdio,
            "folder": folder,
        }
        _tell(guardian, json.dumps(spec).encode("ascii") + b"\n")
        yield _Ends(prompt, stdout, stderr, report)


def _environment_of_guardian(environ: Mapping[str, str]) -> dict[str, str]:
    """The engine must not take it for a stray, and kill it in the middle of its work."""
    others = {name: value for name, value in environ.items() if name != JOURNAL_VARIABLE}
    return others | {GUARDIAN_VARIABLE: "1"}


def _pipe(read: ExitStack, write: ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe, each end of it closed by a stack of its own."""
    reader, writer = os.pipe()
    return read.enter_context(FileIO(reader, "rb")), write.enter_context(FileIO(writer, "wb"))


def _tell(guardian: "subprocess.Popen[bytes]", line: bytes) -> None:
    """A guardian that is gone says so by its report, which ends."""
    assert guardian.stdin is not None  # noqa: S101 - Popen was given PIPE
    with contextlib.suppress(BrokenPipeError):
        while line:
            line = line[os.write(guardian.stdin.fileno(), line) :]


def _end(guardian: "subprocess.Popen[bytes]") -> None:
    assert guardian.stdin is not None  # noqa: S101 - Popen was given PIPE
    guardian.stdin.close()
    try:
        guardian.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        guardian.kill()
        guardian.wait()


class _Dialogue:
    """Writes the prompt and reads what comes, until the report is there or a limit is reached."""

    def __init__(self, ends: _Ends, prompt: bytes, limits: TimeLimits, clock: Clock) -> None:
        self._ends = ends
        self._prompt = memoryview(prompt)
        self._limits = limits
        self._clock = clock
        self._began = self._last_sign = clock()
        self._reported: float | None = None
        self._heard = {source: bytearray() for source in (ends.stdout, ends.stderr, ends.report)}

    def hold(self) -> Run:
        """Return when all is said."""
        with selectors.DefaultSelector() as selector:
            os.set_blocking(self._ends.prompt.fileno(), False)
            selector.register(self._ends.prompt, selectors.EVENT_WRITE)
            for source in self._heard:
                selector.register(source, selectors.EVENT_READ)
            open_sources = set(self._heard)
            while open_sources:
                deadline, end = self._next_deadline()
                left = deadline - self._clock()
                if left <= 0:
                    if end is not None:
                        return Run(end)
                    break
                for key, _ in selector.select(left):
                    if key.fileobj is self._ends.prompt:
                        if not self._write():
                            selector.unregister(self._ends.prompt)
                            self._ends.prompt.close()
                    elif not self._read(source := _source(key)):
                        selector.unregister(source)
                        open_sources.discard(source)
                if self._said > MAX_OUTPUT:
                    return Run(End.OVERSIZED)
        return self._result()

    @property
    def _said(self) -> int:
        return len(self._heard[self._ends.stdout]) + len(self._heard[self._ends.stderr])

    def _next_deadline(self) -> tuple[float, End | None]:
        """When to stop waiting, and what that means; None: what is there is all."""
        if self._reported is not None:
            return self._reported + _DRAIN_WITHIN, None
        stalled = self._last_sign + self._limits.idle
        too_long = self._began + self._limits.total
        return min((stalled, End.STALLED), (too_long, End.TOO_LONG), key=lambda due: due[0])

    def _write(self) -> bool:
        """Pass on some of the prompt; whether there is more, and somebody to read it."""
        try:
            self._prompt = self._prompt[
                os.write(self._ends.prompt.fileno(), self._prompt[:_CHUNK]) :
            ]
        except BrokenPipeError:
            return False
        return bool(self._prompt)

    def _read(self, source: FileIO) -> bool:
        """Take what is there; False at the end."""
        chunk = os.read(source.fileno(), _CHUNK)
        self._heard[source] += chunk
        if source is not self._ends.report:
            self._last_sign = self._clock()
        elif not chunk:
            self._reported = self._clock()
        return bool(chunk)

    def _result(self) -> Run:
        word, _, number = self._heard[self._ends.report].decode("ascii").partition(" ")
        stdout, stderr = (bytes(self._heard[s]) for s in (self._ends.stdout, self._ends.stderr))
        if word == "exit":
            return Run(End.EXITED, int(number), stdout, stderr)
        if word == "error":
            return Run(End.NOT_STARTED, int(number))
        return Run(End.LOST)


def _source(key: selectors.SelectorKey) -> FileIO:
    assert isinstance(key.fileobj, FileIO)  # noqa: S101 - nothing else was registered
    return key.fileobj
