"""Whatever a child prints: the log has its bytes, and the console whole and harmless lines."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import child_programs
import deeds
import pytest
from child_programs import COUNTED, counted
from command import PATIENCE, Workspace
from peak_watch import PeakWatch
from stage import Stage

from agentos.cli.batch.console import Console
from agentos.core.outcomes import Outcome
from agentos.core.systems import LINUX
from agentos.core.terminal_text import CUT_MARK

LEAST_MEMORY = 10 * 1000 * 1000
"""Bytes that a supervisor certainly takes, if anybody has looked."""

TEN_ISSUES = ("007", "012", "019", "023", "031", "042", "057", "064", "088", "101")

OF_A_WRITER = re.compile(rb"\[LLD-\d+\] \d+ +\n")

on_linux = pytest.mark.skipif(not LINUX, reason="the peak is read from Linux's /proc")

SAID_AND_SHOWN = {
    "no newline at the end": (b"one\ntwo", b"one|two"),
    "nothing but a newline": (b"\n", b""),
    "NUL bytes": (b"a\0b\n", rb"a\x00b"),
    "invalid UTF-8": (b"caf\xe9 \xff\xfe na\xc3\xafve\n", rb"caf\xe9 \xff\xfe" + " naïve".encode()),
    "U+2028, VT and FS": ("a\u2028b\vc\x1cd\n".encode(), rb"a\u2028b\x0bc\x1cd"),
    "carriage returns": (b" 10%\r 50%\r100%\ndone\r\n", b"100%|done"),
    "colours left open": (b"\x1b[31mred\nplain\n", b"\x1b[31mred\x1b[0m|plain"),
    "a title": (b"\x1b]0;You have been hacked\x07text\n", b"text"),
    "a clipboard": (b"\x1b]52;c;cm0gLXJmIH4=\x1b\\text\n", b"text"),
    "a cursor that wanders": (b"\x1b[2J\x1b[1;1Htext\x1b[1A\n", b"text"),
    "a sequence that is cut off": (b"text\x1b", rb"text\x1b"),
}
"""What a child says, and what is to be seen of it behind its prefix; | for the end of a line."""


@pytest.mark.parametrize(("said", "shown"), SAID_AND_SHOWN.values(), ids=SAID_AND_SHOWN)
def test_it_is_logged_byte_by_byte_and_shown_harmless(
    tmp_path: Path, said: bytes, shown: bytes
) -> None:
    stage = Stage(tmp_path, child_programs.says, arguments=(said.hex(),))

    assert stage.run().verdict().outcome is Outcome.APPROVED

    assert stage.log.read_bytes() == said
    lines = [b"[LLD-42] " + line if line else b"" for line in shown.split(b"|")]
    assert stage.screen.shown == b"".join(line + b"\n" for line in lines)


def test_ten_children_that_write_as_fast_as_they_can(tmp_path: Path) -> None:
    items = [str(number) for number in range(1, 11)]
    read_fd, write_fd = os.pipe()
    shown: list[bytes] = []
    reader = threading.Thread(target=lambda: shown.append(_all_of(read_fd)))
    reader.start()
    console = Console(write_fd, lambda error: pytest.fail(str(error)), patience=PATIENCE)
    os.close(write_fd)
    console.start()
    stage = Stage(tmp_path, child_programs.counts_fast, screen=console)
    for item in items:
        stage.start(item)
    for _ in items:
        stage.await_step()

    stage.poke()
    assert {stage.end().verdict().outcome for _ in items} == {Outcome.APPROVED}
    console.close(PATIENCE)
    reader.join(PATIENCE)

    lines = shown[0].decode().splitlines(keepends=True)
    assert len(lines) == len(items) * COUNTED
    for item in items:
        said = [counted(f"lld_workflow_{item}.db", number) for number in range(COUNTED)]
        prefix = f"[LLD-{item}] "
        assert [line.removeprefix(prefix) for line in lines if line.startswith(prefix)] == said
        assert stage.log_of(f"LLD-{item}").read_text() == "".join(said)


@on_linux
def test_200_mb_in_one_line_take_no_memory(
    shelf: Workspace, tmp_path: Path, peaks: PeakWatch
) -> None:
    shelf.keep_issues("042")
    environ = deeds.doing(deeds.say_a_long_line, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "agentos", "parallel", "lld", "--all"],
        cwd=shelf.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environ,
    )
    shelf.started.append(process)
    assert process.stdout is not None
    with process.stdout:
        shown = sum(_all_x(piece) for piece in map(_piece, process.stdout) if piece[:1] == b"x")

    assert process.wait(PATIENCE) == 0
    assert shown == deeds.LONG_LINE
    log = shelf.runs[0] / "LLD-42.log"
    with log.open("rb") as file:
        logged = sum(_all_x(file.read(size)) for size in [1_000_000] * 200)
        assert (logged, file.read(1)) == (deeds.LONG_LINE, b"\n")
    log.unlink()  # pytest keeps folders for a while, and this is no text to read
    assert peaks.highest > LEAST_MEMORY  # for how much it may be at the most, see conftest.py


@on_linux
@pytest.mark.parametrize("reader_begins_after", [0.0, 10.0])
def test_nor_do_ten_writers_at_once_whatever_the_reader_does(
    shelf: Workspace, tmp_path: Path, peaks: PeakWatch, reader_begins_after: float
) -> None:
    shelf.keep_issues(*TEN_ISSUES)
    together = tmp_path / "together"
    together.mkdir()
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "agentos", "parallel", "lld", "--all", "-j", "10"],
        cwd=shelf.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | deeds.doing(deeds.say_lines_together, tmp_path, place=together),
    )
    shelf.started.append(process)
    assert process.stdout is not None
    with process.stdout:
        time.sleep(max(0.0, began + reader_begins_after - time.monotonic()))
        shown = sum(1 for line in process.stdout if OF_A_WRITER.fullmatch(line))

    assert process.wait(PATIENCE) in (0, 3)
    everything = deeds.TOGETHER * deeds.NUMBERED
    assert shown == everything if not reader_begins_after else shown <= everything
    logs = list(shelf.runs[0].glob("*.log"))
    assert len(logs) == deeds.TOGETHER
    assert all(log.read_text().startswith(deeds.numbered_lines()) for log in logs)
    assert peaks.highest > LEAST_MEMORY  # for how much it may be at the most, see conftest.py


def _piece(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(CUT_MARK.encode()).removeprefix(b"[LLD-42] ")


def _all_x(data: bytes) -> int:
    assert not data.strip(b"x")
    return len(data)


def _all_of(fd: int) -> bytes:
    with os.fdopen(fd, "rb") as file:
        return file.read()
