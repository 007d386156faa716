import errno
import json
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agentos.core.calls import Usage, Wish
from agentos.core.errors import UsageError
from agentos.core.prices import Cost
from agentos.credentials.budget import Budget, Room
from agentos.records import spending
from agentos.records.files import append_line
from agentos.records.spending import SpendingLedger, remove_ledger

HINT = "--budget-reset begins anew, with nothing spent"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spending-lld.ndjson"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def begun(path: Path, *labels: str, run_id: str = "run-1") -> SpendingLedger:
    ledger = SpendingLedger(path, run_id)
    ledger.begin(labels)
    return ledger


def spent(path: Path) -> Cost:
    return SpendingLedger(path, "later").spent


class TestRuns:
    def test_nothing_is_spent_where_there_is_no_file_and_none_is_made(self, path: Path) -> None:
        assert spent(path) == Cost()
        assert not path.exists()
        path.parent.joinpath("file").touch()
        assert spent(path.parent / "file" / path.name) == Cost()

    def test_a_line_tells_each_thing(self, path: Path) -> None:
        ledger = begun(path, "LLD-2", "LLD-1")
        ledger.reserve("7", "openai/m", Cost(110, 300))
        ledger.settle("7", Cost(52, None))
        ledger.end("LLD-1")
        assert lines(path) == [
            {"due": ["LLD-1", "LLD-2"], "all": False},
            {"reserved": "run-1/7", "model": "openai/m", "tokens": 110, "nanodollars": 300},
            {"settled": "run-1/7", "tokens": 52, "nanodollars": 0},
            {"ended": "LLD-1"},
        ]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_what_was_spent_adds_up_over_runs_whose_calls_have_the_same_numbers(
        self, path: Path
    ) -> None:
        for run_id, tokens in (("run-1", 10), ("run-2", 5), ("run-3", 1)):
            ledger = begun(path, "LLD-1", run_id=run_id)
            ledger.reserve("1", "m", Cost(100, 1000))
            ledger.settle("1", Cost(tokens, tokens * 10))
        assert spent(path) == Cost(16, 160)

    def test_what_was_never_settled_has_cost_what_was_reserved(self, path: Path) -> None:
        ledger = begun(path, "LLD-1")
        ledger.reserve("1", "m", Cost(100, 1000))
        ledger.reserve("2", "m", Cost(40, 400))
        ledger.settle("2", Cost(4, 40))
        assert spent(path) == Cost(104, 1040)

    def test_who_syncs_waits_for_the_disk_and_nobody_else_does(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger = begun(path, "LLD-1", "LLD-2")
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        ledger.reserve("1", "m", Cost(100, 1000))
        assert synced == []
        ledger.sync()
        assert len(synced) == 1
        ledger.sync()
        ledger.settle("1", Cost())
        ledger.end("LLD-1")
        assert len(synced) == 1

    def test_one_sync_is_enough_for_all_that_wait_for_it(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger = begun(path, "LLD-1")
        first, second = threading.Event(), threading.Event()
        synced: list[int] = []

        def fsync(descriptor: int) -> None:
            synced.append(descriptor)
            first.set()
            assert second.wait(60)

        monkeypatch.setattr(os, "fsync", fsync)
        ledger.reserve("0", "m", Cost(1, 1))
        with ThreadPoolExecutor(9) as executor:
            waits = [executor.submit(ledger.sync)]
            assert first.wait(60)
            for number in range(1, 9):  # while the disk is busy
                ledger.reserve(str(number), "m", Cost(1, 1))
                waits.append(executor.submit(ledger.sync))
            second.set()
            for wait in waits:
                wait.result(timeout=60)
        assert len(synced) == 2

    def test_a_sync_that_fails_is_told_to_all(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fsync(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        ledger = begun(path, "LLD-1")
        ledger.reserve("1", "m", Cost(1, 1))
        monkeypatch.setattr(os, "fsync", fsync)
        for _ in range(2):
            with pytest.raises(OSError, match="No space"):
                ledger.sync()


class TestEnd:
    def test_when_all_that_was_due_has_ended_the_file_goes(self, path: Path) -> None:
        ledger = begun(path, "LLD-1", "LLD-2")
        ledger.end("LLD-1")
        assert path.exists()
        ledger.end("LLD-2")
        assert not path.exists()
        assert spent(path) == Cost()

    def test_what_an_earlier_run_left_open_is_due_as_well(self, path: Path) -> None:
        first = begun(path, "LLD-1", "LLD-2", "LLD-3")
        first.reserve("1", "m", Cost(100, 1000))
        first.end("LLD-1")
        second = begun(path, "LLD-2", run_id="run-2")
        second.end("LLD-2")
        assert spent(path) == Cost(100, 1000)
        third = begun(path, "LLD-3", run_id="run-3")
        third.end("LLD-3")
        assert not path.exists()

    @pytest.mark.parametrize("is_killed", [True, False])
    def test_what_left_the_backlog_is_due_no_more_once_a_run_takes_all(
        self, path: Path, is_killed: bool
    ) -> None:
        begun(path, "LLD-1", "LLD-2", "LLD-3").reserve("1", "m", Cost(100, 1000))
        ledger = SpendingLedger(path, "run-2")
        ledger.begin(["LLD-2", "LLD-3"], take_all=True)
        assert lines(path)[-1] == {"due": ["LLD-2", "LLD-3"], "all": True}
        assert spent(path) == Cost(100, 1000)
        if is_killed:
            ledger = begun(path, "LLD-3", run_id="run-3")
        ledger.end("LLD-3")
        assert path.exists()
        ledger.end("LLD-2")
        assert not path.exists()

    def test_an_end_that_cannot_be_written_goes_on_counting(self, path: Path) -> None:
        ledger = begun(path, "LLD-1", "LLD-2")
        ledger.reserve("1", "m", Cost(100, 1000))
        kept = path.read_bytes()
        path.unlink()
        path.mkdir()
        ledger.end("LLD-1")
        ledger.end("LLD-2")
        path.rmdir()
        path.write_bytes(kept)
        assert spent(path) == Cost(100, 1000)

    def test_a_reset_begins_anew(self, path: Path) -> None:
        begun(path, "LLD-1").reserve("1", "m", Cost(100, 1000))
        for _ in range(2):
            remove_ledger(path)
            assert spent(path) == Cost()

    def test_a_file_that_cannot_be_removed_is_a_sentence(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(UsageError, match=f"{path.name} cannot be removed: "):
            remove_ledger(path)


class TestDamage:
    @pytest.mark.parametrize(
        "torn",
        [
            b"{",
            b'{"due": ["LLD-1", "LLD-2"]}',
            b'{"reserved": "run-1/2", "model": "m", "tokens": 1',
            b'{"settled": "run-1/1", "tokens": 1, "nanodollars": 1}',
            b"\x00\x00\x00\xff",
        ],
    )
    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_torn_last_line_is_dropped_and_the_next_run_begins_on_a_line_of_its_own(
        self, path: Path, torn: bytes, is_first: bool
    ) -> None:
        if not is_first:
            begun(path, "LLD-1").reserve("1", "m", Cost(100, 1000))
        with path.open("ab") as file:
            file.write(torn)
        expected = Cost() if is_first else Cost(100, 1000)
        assert spent(path) == expected
        ledger = begun(path, "LLD-1", run_id="run-2")
        assert ledger.spent == expected
        ledger.reserve("1", "m", Cost(7, 70))
        assert spent(path) == expected + Cost(7, 70)
        ledger.end("LLD-1")
        assert not path.exists()

    @pytest.mark.parametrize(
        "line",
        [
            b"", b"hello", b"\xff\xfe", b"null", b"42", b'"due"', b"[]", b'["due"]', b"{}",
            b'{"due": 1}', b'{"due": null}', b'{"ended": []}', b"[" * 100_000, b"9" * 5000,
            b'{"reserved": "1"}', b'{"reserved": "1", "tokens": 1}',
            b'{"reserved": [], "tokens": 1, "nanodollars": 1}',
            b'{"settled": "1", "tokens": -1, "nanodollars": 1}',
            b'{"settled": "1", "tokens": 1.5, "nanodollars": 1}',
            b'{"settled": "1", "tokens": true, "nanodollars": 1}',
            b'{"settled": "1", "tokens": 1, "nanodollars": null}',
            b'{"settled": "1", "tokens": 1, "nanodollars": "1"}',
            b'{"settled": "1", "tokens": 1, "nanodollars": NaN}',
        ],
        ids=lambda line: repr(line[:40]),
    )  # fmt: skip
    def test_a_damaged_file_is_a_sentence_and_says_how_to_begin_anew(
        self, path: Path, line: bytes
    ) -> None:
        begun(path, "LLD-1")
        with path.open("ab") as file:
            file.write(line + b"\n")
        before = path.read_bytes()
        with pytest.raises(UsageError) as caught:
            SpendingLedger(path, "run-2")
        assert str(caught.value) == (
            f"what this batch has cost so far cannot be told: {path}: it is damaged"
        )
        assert caught.value.hint == HINT
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("make", "why"),
        [
            (Path.mkdir, "Is a directory"),
            (os.mkfifo, "it is not a regular file"),
        ],
    )
    def test_what_is_no_file_is_a_sentence(
        self, path: Path, make: Callable[[Path], None], why: str
    ) -> None:
        make(path)
        with pytest.raises(UsageError, match=f"cannot be told: .*: {why}") as caught:
            SpendingLedger(path, "run-1")
        assert caught.value.hint == HINT

    def test_a_folder_that_cannot_be_written_is_a_sentence_before_any_call(
        self,
        public_folder: Path,
        unprivileged: Callable[[], AbstractContextManager[None]],
    ) -> None:
        public_folder.chmod(0o555)
        with unprivileged():
            ledger = SpendingLedger(public_folder / "spending-lld.ndjson", "run-1")
            with pytest.raises(UsageError, match="Permission denied") as caught:
                ledger.begin(["LLD-1"])
        assert caught.value.hint == "make its folder writable"

    def test_a_full_disk_is_told_as_one(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(spending, "append_line", full)
        with pytest.raises(UsageError, match="No space left on device") as caught:
            begun(path, "LLD-1")
        assert caught.value.hint == "free some space"

    def test_what_cannot_be_reserved_is_an_error_for_the_budget(self, path: Path) -> None:
        ledger = begun(path, "LLD-1")
        path.unlink()
        path.mkdir()
        budget = Budget(tokens=100, ledger=ledger)
        assert not budget.reserve("1", Wish("p", "m", Usage(10, 0)))
        assert "Is a directory" in budget.refusal(Wish("p", "m", Usage(10, 0))).reason


def test_threads_write_one_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = 0
    most = 0

    def watched(*args: Any, **kwargs: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        append_line(*args, **kwargs)
        inside -= 1

    labels = [f"LLD-{number}" for number in range(12)]
    ledger = begun(path, *labels)
    monkeypatch.setattr(spending, "append_line", watched)

    def work(label: str) -> None:
        for number in range(5):
            ledger.reserve(f"{label}-{number}", "m", Cost(10, 10))
            ledger.settle(f"{label}-{number}", Cost(1, 1))
        if label != "LLD-0":
            ledger.end(label)

    threads = [threading.Thread(target=work, args=(label,)) for label in labels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert spent(path) == Cost(60, 60)
    ledger.end("LLD-0")
    assert not path.exists()


class Machine(RuleBasedStateMachine):
    """A batch over many runs, each of which may be killed at any instant: the limit holds."""

    @initialize(limit=st.integers(0, 300))
    def open(self, limit: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "spending-lld.ndjson"
        self.limit = limit
        self.billed = 0
        self.runs = 0
        self.start()

    def start(self) -> None:
        self.runs += 1
        self.calls = 0
        self.flying: dict[str, int] = {}
        ledger = begun(self.path, "LLD-1", run_id=f"run-{self.runs}")
        self.budget = Budget(tokens=self.limit, spent=ledger.spent, ledger=ledger)

    @rule(most=st.integers(1, 100))
    def request(self, most: int) -> None:
        wish = Wish("p", "m", Usage(0, most))
        if self.budget.room_for(wish) is Room.NOW:
            self.calls += 1
            assert self.budget.reserve(str(self.calls), wish)
            self.flying[str(self.calls)] = most

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), is_told=st.booleans())
    def settle(self, data: st.DataObject, is_told: bool) -> None:
        call = data.draw(st.sampled_from(sorted(self.flying)))
        bill = data.draw(st.integers(0, self.flying.pop(call)))
        self.billed += bill
        self.budget.settle(call, Usage(0, bill) if is_told else None)

    @rule(torn=st.sampled_from([b"", b'{"reserved": "run', b'{"settled']))
    def kill(self, torn: bytes) -> None:
        """What was in flight is billed; the line that was being written may be torn."""
        self.billed += sum(self.flying.values())
        with self.path.open("ab") as file:
            file.write(torn)
        self.start()

    @invariant()
    def the_bill_is_within_the_limit(self) -> None:
        assert self.billed + sum(self.flying.values()) <= self.limit

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


Machine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestKilledRuns = Machine.TestCase
