"""A console that is gone, full, slow or was never there: the run ends well, and says so."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import deeds
import pytest
from command import PATIENCE, Workspace, wait_until

from agentos.core.systems import LINUX

AGENTOS = (sys.executable, "-m", "agentos")
ALL = ("parallel", "lld", "--all")
SLOW = {"AGENTOS_EMBEDDED_LATENCY": "1"}

on_linux = pytest.mark.skipif(not LINUX, reason="/dev/full is Linux's")


def start(
    shelf: Workspace,
    arguments: Sequence[str],
    stdout: IO[bytes] | int,
    environ: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [*AGENTOS, *arguments],
        cwd=shelf.root,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | dict(environ or {}),
    )
    shelf.started.append(process)
    return process


def start_unread(shelf: Workspace, folder: Path) -> tuple["subprocess.Popen[bytes]", int]:
    """A run whose children say more than its console keeps, and the pipe that nobody reads yet."""
    read_fd, write_fd = os.pipe()
    process = start(shelf, ALL, write_fd, deeds.doing(deeds.say_numbered_lines, folder))
    os.close(write_fd)
    return process, read_fd


def end(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Exit code, and what stands on stderr."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors.decode()


def assert_goes_on(shelf: Workspace) -> None:
    """The run before has a record that is closed, and the same command ends every item, once."""
    assert shelf.summary(shelf.runs[-1])["exit_code"] == 1
    assert "interrupted" in {
        item["outcome"] for item in shelf.summary(shelf.runs[-1])["items"].values()
    }
    assert shelf.run(*ALL)[0] == 0
    assert shelf.journals == []
    shelf.assert_no_step_ran_twice()


def test_piped_into_head(shelf: Workspace) -> None:
    shelf.keep_issues("042", "057", "088", "101")
    with subprocess.Popen(["head", "-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as head:
        assert head.stdin is not None
        process = start(shelf, ALL, head.stdin, SLOW)
        head.stdin.close()
        assert head.stdout is not None
        first_line = head.stdout.read()

    assert end(process) == (1, "")
    assert first_line.startswith(b"[LLD-")
    assert_goes_on(shelf)


def test_a_reader_that_is_gone_before_the_summary(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    process = start(shelf, (*ALL, "-q"), write_fd)
    os.close(write_fd)

    assert end(process) == (1, "")


@on_linux
def test_dev_full(shelf: Workspace) -> None:
    shelf.keep_issues("042", "057")
    with Path("/dev/full").open("wb") as full:
        code, errors = end(start(shelf, ALL, full, SLOW))

    assert (code, errors) == (1, "")
    assert_goes_on(shelf)


@on_linux
def test_dev_full_as_stderr(shelf: Workspace) -> None:
    """What a run says there before it begins is no part of its output."""
    shelf.keep_issues("042")
    running = shelf.start(*ALL, **SLOW)
    running.wait_for_children(1)
    running.kill_all()

    assert _with_full_stderr(shelf, *ALL) == 0
    assert shelf.summary(shelf.runs[-1])["items"]["LLD-42"]["outcome"] == "approved"
    assert _with_full_stderr(shelf, "parallel", "lld", "999") == 2


@on_linux
@pytest.mark.parametrize("words", ["--help", "status", "parallel lld --all --dry-run"])
def test_dev_full_for_a_command_that_only_tells(shelf: Workspace, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        code, errors = end(start(shelf, words.split(), full))

    assert code == 1
    assert errors == "agentos: stdout takes no more output: No space left on device\n"


def test_a_reader_that_stops_until_the_children_have_gone_on_without_it(
    shelf: Workspace, tmp_path: Path
) -> None:
    """It stops for ten seconds, or longer; for five of them it holds them back."""
    shelf.keep_issues("042")
    process, read_fd = start_unread(shelf, tmp_path)
    log = shelf.root / ".agentos/logs/parallel"
    wait_until(lambda: any(map(_end_of, log.glob("*/LLD-42.log"))), "it speaks")
    began = time.monotonic()
    wait_until(lambda: "wrote docs" in "".join(map(_end_of, log.glob("*/LLD-42.log"))), "it ends")

    time.sleep(max(0.0, began + 10 - time.monotonic()))
    with os.fdopen(read_fd, "rb") as file:
        shown = file.read().decode()

    assert end(process) == (0, "")
    numbers = [int(number) for number in re.findall(r"^\[LLD-42\] (\d+) *$", shown, re.MULTILINE)]
    skipped = [int(lines) for lines in re.findall(r"(\d+) lines were skipped", shown)]
    assert numbers == sorted(set(numbers))
    assert sum(skipped) > 0
    assert deeds.NUMBERED <= len(numbers) + sum(skipped) < deeds.NUMBERED + 10  # and lines of ours
    [logged] = log.glob("*/LLD-42.log")
    assert logged.read_text().startswith(deeds.numbered_lines())
    assert shown.endswith("\n")
    assert "1 approved" in shown


@pytest.mark.parametrize(
    ("closed", "code"), [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)]
)
def test_started_without(shelf: Workspace, closed: str, code: int) -> None:
    shelf.keep_issues("042")
    before = _content(shelf.root / "issues")
    command = f'exec "$@" {closed}'
    process = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *AGENTOS, *ALL],
        cwd=shelf.root,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )

    assert process.returncode == code, process
    assert process.stderr == b""
    assert (b"1 approved" in process.stdout) == (code == 0)
    assert shelf.summary(shelf.runs[0])["exit_code"] == code
    told = [event["event"] for event in shelf.events(shelf.runs[0])]
    assert (told[0], told[-1]) == ("run_started", "run_finished")
    assert ("child_started" in told) == (code == 0)
    assert shelf.run(*ALL)[0] == 0
    assert _content(shelf.root / "issues") == before
    shelf.assert_no_step_ran_twice()


def test_a_sentence_that_nobody_can_be_told(shelf: Workspace) -> None:
    process = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *AGENTOS, "parallel", "lld", "no-such-item"],
        cwd=shelf.root,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, b"")


def test_who_reads_the_last_lines_slowly_holds_up_no_other_command(
    shelf: Workspace, tmp_path: Path
) -> None:
    shelf.keep_issues("042")
    process, read_fd = start_unread(shelf, tmp_path)
    wait_until(lambda: [*shelf.root.glob(".agentos/logs/parallel/*/summary.json")], "it is over")

    assert shelf.run(*ALL, "--again")[0] == 0
    assert process.poll() is None
    with os.fdopen(read_fd, "rb") as file:
        file.read()
    assert end(process) == (0, "")


def _with_full_stderr(shelf: Workspace, *arguments: str) -> int:
    with Path("/dev/full").open("wb") as full:
        command = [*AGENTOS, *arguments]
        return subprocess.call(command, cwd=shelf.root, stdout=subprocess.DEVNULL, stderr=full)


def _end_of(log: Path) -> str:
    return log.read_text()[-200:]


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
