"""The guardian as a process of its own, spoken to over its pipes."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import wait_until
from processes import is_gone
from stand_ins import FAMILY, PATIENCE, Programs, Record

from agentos.models.command import guardian

Guardian = subprocess.Popen[bytes]

# By import, so that coverage knows it.
COMMAND = (sys.executable, "-c", "from agentos.models.command import guardian; guardian.main()")


@contextlib.contextmanager
def guarded(argv: list[str], folder: Path, **changes: Any) -> Iterator[Guardian]:
    """A guardian that was told to run `argv`, and whose lifeline is open."""
    folder.mkdir()
    with subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        pass_fds=(stdio := [os.open(os.devnull, os.O_RDWR) for _ in range(3)]),
    ) as process:
        for fd in stdio:
            os.close(fd)
        spec = {
            "argv": argv,
            "executable": argv[0],
            "environment": {},
            "stdio": stdio,
            "folder": str(folder),
        }
        assert process.stdin is not None
        process.stdin.write(json.dumps(spec | changes).encode() + b"\n")
        try:
            yield process
        finally:
            process.kill()


def report(process: Guardian) -> str:
    assert process.stdout is not None
    said = process.stdout.read().decode()
    assert process.wait(PATIENCE) == 0
    return said


@pytest.mark.parametrize(
    ("body", "said"),
    [("", "exit 0"), ("raise SystemExit(3)", "exit 3"), ("os.kill(os.getpid(), 9)", "exit -9")],
)
def test_it_reports_how_the_program_ended(
    programs: Programs, tmp_path: Path, body: str, said: str
) -> None:
    with guarded([programs.write(f"import os; {body}")], tmp_path / "folder") as process:
        assert report(process) == said


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"executable": "/nowhere/at-all"}, errno.ENOENT),
        ({"executable": "/etc"}, errno.EACCES),
        ({"environment": {"A": "\0"}}, errno.EINVAL),
    ],
)
def test_it_reports_why_the_program_could_not_be_started(
    programs: Programs, tmp_path: Path, changes: dict[str, Any], number: int
) -> None:
    with guarded([programs.write("")], tmp_path / "folder", **changes) as process:
        assert report(process) == f"error {number}"


def test_it_removes_the_folder_with_all_in_it(programs: Programs, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    program = programs.write(f"import os; os.makedirs({str(folder / 'a' / 'b')!r})")
    with guarded([program], folder) as process:
        assert report(process) == "exit 0"
    assert not folder.exists()


def test_the_end_of_its_lifeline_ends_everything(
    programs: Programs, tmp_path: Path, record: Record
) -> None:
    folder = tmp_path / "folder"
    program = programs.write(FAMILY + "import time; time.sleep(600)")
    with guarded([program, str(record.path)], folder) as process:
        wait_until(lambda: record.is_complete, "the family is there")
        assert process.stdin is not None
        process.stdin.close()
        assert report(process) == ""
        assert all(map(is_gone, record.pids))
    assert not folder.exists()


def test_a_signal_does_not_keep_it_from_its_work(
    programs: Programs, tmp_path: Path, record: Record
) -> None:
    program = programs.write(FAMILY + "sys.stdin.read(); os.kill(os.getppid(), 15)")
    with guarded([program, str(record.path)], tmp_path / "folder") as process:
        assert report(process) == "exit 0"
    assert all(map(is_gone, record.pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent")
def test_the_program_ends_with_a_guardian_that_is_killed(
    programs: Programs, tmp_path: Path, record: Record
) -> None:
    program = programs.write(FAMILY + "import time; time.sleep(600)")
    with guarded([program, str(record.path)], tmp_path / "folder") as process:
        wait_until(lambda: record.is_complete, "the family is there")
        process.kill()
    wait_until(lambda: is_gone(record.program), "the program is gone")


@pytest.mark.parametrize("line", [b"", b'{"argv": ["/bin/sh"'])
def test_half_a_line_starts_nothing(line: bytes) -> None:
    done = subprocess.run(COMMAND, input=line, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize("linux", [guardian.LINUX, False], ids=["by this system", "by psutil"])
def test_descendants_are_found_at_any_depth(linux: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian, "LINUX", linux)
    shell = subprocess.Popen(
        ["/bin/sh", "-c", "(sleep 600; :) & wait"], stdout=subprocess.DEVNULL, process_group=0
    )
    try:
        # The subshell and its sleep.
        wait_until(lambda: len(guardian.descendants(shell.pid)) == 2, "both run")
        found = guardian.descendants(shell.pid)
        assert shell.pid not in found
        assert set(found) < set(guardian.descendants(os.getpid()))
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
