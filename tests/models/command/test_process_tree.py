"""Whatever a program starts ends with its call, however that ends."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import stand_ins
from command import wait_until
from stand_ins import AMPLE, FAMILY, REQUEST, Programs, Record

from agentos.core.calls import Answer, Refusal, RefusalCode
from agentos.core.model_settings import TimeLimits
from agentos.models.command.process import End, Program, Run, run

STAY = FAMILY + "import time; time.sleep(600)\n"
SPEW = FAMILY + "while True: print('spew' * 10_000)\n"

# Makes the call as a child does: in a thread that it abandons.
CALLER = """
    import os, pathlib, sys, threading, time
    from stand_ins import REQUEST, AMPLE, Record
    from agentos.core.model_settings import CommandSettings, ModelSettings
    from agentos.models.command import PROVIDER

    program, record, end = sys.argv[1:]
    command = CommandSettings((program, record))
    settings = ModelSettings("command/stand-in", command=command, time_limits=AMPLE)
    model = PROVIDER.build(settings, os.environ)
    threading.Thread(target=model.complete, args=(REQUEST, None), daemon=True).start()
    while not Record(pathlib.Path(record)).is_complete:
        time.sleep(0.01)
    if end == "exit":
        os._exit(7)
    time.sleep(600)
"""


def test_with_its_answer(programs: Programs, record: Record) -> None:
    model = programs.model(FAMILY + "print('done')", str(record.path))
    assert model.complete(REQUEST, None) == Answer("done", "command/stand-in")
    assert record.is_complete
    assert len(record.pids) == 3
    assert record.nothing_left()


def test_with_a_failure(programs: Programs, record: Record) -> None:
    model = programs.model(FAMILY + "raise SystemExit(1)", str(record.path))
    assert isinstance(model.complete(REQUEST, None), Refusal)
    assert record.nothing_left()


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        (TimeLimits(idle=0.01, total=AMPLE.total), End.STALLED),
        (TimeLimits(idle=AMPLE.idle, total=0.01), End.TOO_LONG),
    ],
    ids=["idle", "total"],
)
def test_with_a_limit(programs: Programs, record: Record, limits: TimeLimits, end: End) -> None:
    path = programs.write(STAY)
    program = Program(path, (path, str(record.path)), os.environ)

    def clock() -> float:  # stands still until all are there
        return 10 * AMPLE.total if record.is_complete else 0.0

    assert run(program, b"", limits, os.environ, clock=clock) == Run(end)
    assert record.nothing_left()


def test_with_too_much_output(programs: Programs, record: Record) -> None:
    result = programs.model(SPEW, str(record.path)).complete(REQUEST, None)
    assert isinstance(result, Refusal)
    assert result.code == RefusalCode.OVERSIZED
    assert record.nothing_left()


def test_with_an_exception(programs: Programs, record: Record) -> None:
    path = programs.write(STAY)
    program = Program(path, (path, str(record.path)), os.environ)

    def clock() -> float:
        if record.is_complete:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        run(program, b"", TimeLimits(idle=0.01), os.environ, clock=clock)
    assert record.nothing_left()


@pytest.mark.parametrize("end", ["killed", "exit"])
def test_with_the_caller(programs: Programs, record: Record, end: str) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CALLER), programs.write(STAY), record.path, end],
        env={**os.environ, "PYTHONPATH": str(Path(stand_ins.__file__).parent)},
    )
    try:
        wait_until(lambda: record.is_complete, "the family is there")
        if end == "killed":
            caller.kill()
        assert caller.wait(AMPLE.total) == (-9 if end == "killed" else 7)
    finally:
        caller.kill()
        caller.wait()
    wait_until(record.nothing_left, "nothing is left")
    assert len(record.pids) == 3
