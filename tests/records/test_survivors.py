import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from agentos.core.items import Kind
from agentos.core.paths import JOURNAL_VARIABLE, StatePaths
from agentos.core.systems import LINUX
from agentos.records import process_start
from agentos.records.history import ChildRecord, SupervisorRecord
from agentos.records.survivors import SystemProcesses, await_survivors, goes_on

STUBBORN = """
import subprocess, sys, time
nested = "import time; print('ready', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", nested], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


STATE = StatePaths(Path("/project/.agentos"))
TABLE = SystemProcesses(STATE)


class FakeTable:
    """Children that end after so many looks (None: never by themselves)."""

    def __init__(self, looks: dict[str, int | None]) -> None:
        self.looks = looks
        self.resumed: list[str] = []
        self.killed: list[str] = []
        self.seconds = 0.0

    def is_alive(self, child: ChildRecord) -> bool:
        left = self.looks[child.label]
        if left is None:
            return True
        self.looks[child.label] = max(0, left - 1)
        return left > 0

    def resume(self, child: ChildRecord) -> None:
        self.resumed.append(child.label)

    def kill_tree(self, child: ChildRecord) -> None:
        self.killed.append(child.label)
        self.looks[child.label] = 0

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def awaited(table: FakeTable) -> tuple[ChildRecord, ...]:
    records = [ChildRecord(label, 7) for label in table.looks]
    return await_survivors(records, table, clock=table.clock, sleep=table.sleep)


def test_nobody_left_means_no_wait() -> None:
    table = FakeTable({"LLD-1": 0})
    assert awaited(table) == ()
    assert (table.resumed, table.killed, table.seconds) == ([], [], 0.0)


def test_who_leaves_in_time_is_not_killed() -> None:
    table = FakeTable({"LLD-1": 20, "LLD-2": 0})
    assert awaited(table) == ()
    assert (table.resumed, table.killed) == (["LLD-1"], [])
    assert 0.5 < table.seconds < 5.0


def test_who_stays_is_killed_after_five_seconds() -> None:
    table = FakeTable({"LLD-1": None, "LLD-2": 3})
    assert [child.label for child in awaited(table)] == ["LLD-1"]
    assert table.resumed == ["LLD-1", "LLD-2"]
    assert table.killed == ["LLD-1"]
    assert 5.0 <= table.seconds < 5.2


def test_one_who_cannot_be_killed_is_not_waited_for_for_ever() -> None:
    table = FakeTable({"LLD-1": None})
    table.kill_tree = lambda child: table.killed.append(child.label)  # type: ignore[method-assign]  # out of reach
    assert [child.label for child in awaited(table)] == ["LLD-1"]
    assert table.seconds < 10.0


@contextmanager
def child(code: str) -> Iterator[tuple[subprocess.Popen[bytes], ChildRecord]]:
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {JOURNAL_VARIABLE: str(STATE.journal(Kind.LLD, "1"))},
    )
    try:
        yield process, ChildRecord("LLD-1", process.pid)
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().strip()


def test_a_survivor_and_its_descendants_are_killed() -> None:
    with child(STUBBORN) as (process, record):
        nested = psutil.Process(
            max(int(text) for text in (line(process), line(process)) if text.isdigit())
        )
        assert await_survivors([record], TABLE, timeout=0) == (record,)
        assert process.wait() == -signal.SIGKILL
        gone, alive = psutil.wait_procs([nested], timeout=20)
        assert gone
        assert not alive


def test_a_stopped_survivor_gets_to_see_the_end_of_its_lifeline() -> None:
    code = "import sys; print('ready', flush=True); sys.stdin.read(); sys.exit(7)"
    with child(code) as (process, record):
        assert line(process) == "ready"
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        assert await_survivors([record], TABLE, timeout=60) == ()
        assert process.wait() == 7


def test_a_pid_of_a_process_that_names_another_journal_is_not_touched() -> None:
    code = "print('ready', flush=True); import time; time.sleep(600)"
    with child(code) as (process, record):
        assert line(process) == "ready"
        for label in ("LLD-11", "ISSUE-1", "LLD-../1", ""):
            other = record._replace(label=label)
            assert await_survivors([other], TABLE, timeout=0) == ()
            TABLE.resume(other)
            TABLE.kill_tree(other)
        elsewhere = SystemProcesses(StatePaths(Path("/elsewhere/.agentos")))
        assert not elsewhere.is_alive(record)
        assert process.poll() is None


def test_a_pid_that_never_was_is_not_alive() -> None:
    for pid in (2**31 - 1, 2**80):
        assert not TABLE.is_alive(ChildRecord("LLD-1", pid))
        assert not goes_on(SupervisorRecord(pid, ""))


def test_a_zombie_does_not_count() -> None:
    with child("print('ready', flush=True)") as (process, record):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert await_survivors([record], TABLE, timeout=0) == ()


class TestGoesOn:
    def test_the_very_process(self) -> None:
        start = process_start.process_start(os.getpid())
        assert goes_on(SupervisorRecord(os.getpid(), start))
        assert not goes_on(SupervisorRecord(os.getpid(), start + "0"))
        assert not goes_on(SupervisorRecord(os.getppid(), start))

    def test_a_zombie_has_ended(self) -> None:
        with child("print('ready', flush=True)") as (process, _):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            start = process_start.process_start(process.pid)
            assert start
            assert not goes_on(SupervisorRecord(process.pid, start))

    @pytest.mark.skipif(not LINUX, reason="elsewhere it is the time of day")
    def test_no_clock_that_is_set_changes_the_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        start = process_start.process_start(os.getpid())
        monkeypatch.setattr(psutil, "boot_time", lambda: 7.0)
        monkeypatch.setattr(psutil.Process, "create_time", lambda _process: 7.0)
        assert goes_on(SupervisorRecord(os.getpid(), start))

    def test_the_same_process_of_another_boot_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = process_start.process_start(os.getpid())
        boot = tmp_path / "boot_id"
        boot.write_text("another\n")
        monkeypatch.setattr(process_start, "_BOOT_ID", boot)
        assert goes_on(SupervisorRecord(os.getpid(), start)) is not LINUX

    def test_elsewhere_the_start_is_a_time_of_day(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process_start, "LINUX", False)
        assert process_start.process_start(os.getpid()) == str(psutil.Process().create_time())
        assert process_start.process_start(2**31 - 1) == ""
