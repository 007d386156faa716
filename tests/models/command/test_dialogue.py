"""When a run is over, by a clock that the test turns."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from io import FileIO

import pytest

from agentos.core.model_settings import TimeLimits
from agentos.models.command.process import _DRAIN_WITHIN, End, Run, _Dialogue, _Ends


class Pipes:
    """The ends that a program and its guardian hold."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.stdin, prompt = self._pipe()
        stdout, self.stdout = self._pipe()
        stderr, self.stderr = self._pipe()
        report, self.report = self._pipe()
        self.ours = _Ends(prompt, stdout, stderr, report)

    def _pipe(self) -> tuple[FileIO, FileIO]:
        reader, writer = os.pipe()
        return (
            self._stack.enter_context(FileIO(reader, "rb")),
            self._stack.enter_context(FileIO(writer, "wb")),
        )

    def end(self, report: bytes) -> None:
        self.report.write(report)
        for end in (self.report, self.stdout, self.stderr):
            end.close()

    def hold(self, limits: TimeLimits, clock: Callable[[], float]) -> Run:
        return _Dialogue(self.ours, b"prompt", limits, clock).hold()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_byte_on_either_stream_is_a_sign_of_life(stream: str) -> None:
    now = 0.0
    with ExitStack() as stack:
        pipes = Pipes(stack)

        def clock() -> float:
            nonlocal now
            now += 40.0
            if now == 4000.0:
                pipes.end(b"exit 0")
            elif now < 4000.0:
                getattr(pipes, stream).write(b".")
            return now

        run = pipes.hold(TimeLimits(idle=200.0, total=9000.0), clock)
    assert run.end is End.EXITED
    assert len(run.stdout + run.stderr) == 99


def test_what_an_escaped_process_holds_open_is_not_waited_for_long() -> None:
    now = 0.0
    with ExitStack() as stack:
        pipes = Pipes(stack)
        pipes.stdout.write(b"answer")
        pipes.report.write(b"exit 5")
        pipes.report.close()

        def clock() -> float:
            nonlocal now
            now += _DRAIN_WITHIN / 4
            return now

        run = pipes.hold(TimeLimits(idle=9000.0, total=9000.0), clock)
    assert run == Run(End.EXITED, 5, b"answer", b"")
