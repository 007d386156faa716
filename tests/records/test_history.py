import json
import os
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentos.core import events
from agentos.core.clock import Now
from agentos.core.errors import UsageError
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.records.history import (
    ChildRecord,
    LastOutcome,
    SupervisorRecord,
    children,
    close_unclosed,
    last_outcomes,
    supervisor,
    unclosed_runs,
)
from agentos.records.process_start import process_start
from agentos.records.run_folder import RunFolder
from agentos.records.state_folder import prepare_state

FIRST, SECOND, THIRD = (f"20261123T18150{second}Z-3fa9" for second in range(3))


def never(error: OSError) -> None:
    raise AssertionError(error)


def finished(label: str, outcome: Outcome, error: str = "") -> events.ItemFinished:
    return events.ItemFinished(item=label, outcome=outcome, seconds=1, error=error)


@pytest.fixture
def run_of(paths: StatePaths, now: Now) -> Callable[..., RunFolder]:
    def make(run_id: str, *recorded: events.Event) -> RunFolder:
        run = RunFolder.create(paths, run_id=run_id, now=now, settings={}, on_error=never)
        for event in recorded:
            run.record(event)
        return run

    return make


RunOf = Callable[..., RunFolder]


def started(run_id: str, *labels: str) -> events.RunStarted:
    return events.RunStarted(run_id=run_id, items=labels, parallel=2)


def summary(run: Path) -> Any:
    return json.loads((run / "summary.json").read_bytes())


def snapshot(folder: Path) -> dict[Path, tuple[int, int, bytes]]:
    return {
        path: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        if path.is_file()
        else (path.stat().st_mode, path.stat().st_mtime_ns, b"")
        for path in [folder, *folder.rglob("*")]
    }


def test_unclosed_runs_come_oldest_first(paths: StatePaths, run_of: RunOf) -> None:
    third, closed, first = run_of(THIRD), run_of(SECOND), run_of(FIRST)
    closed.close(0)
    (paths.runs / "stray file").touch()
    (paths.runs / "link").symlink_to(paths.checkpoints)
    assert unclosed_runs(paths) == (first.path, third.path)


def test_runs_of_one_second_come_in_the_order_of_their_start(
    paths: StatePaths, run_of: RunOf
) -> None:
    one, other = run_of("20261123T181500Z-ffff"), run_of("20261123T181500Z-0000")
    assert unclosed_runs(paths) == (one.path, other.path)


def test_no_state_means_no_runs(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / ".agentos")
    assert unclosed_runs(paths) == ()
    assert last_outcomes(paths) == {}
    (tmp_path / ".agentos").touch()
    assert last_outcomes(paths) == {}
    assert list(tmp_path.iterdir()) == [tmp_path / ".agentos"]


def test_a_killed_run_is_closed_from_its_events(paths: StatePaths, run_of: RunOf) -> None:
    run = run_of(
        FIRST,
        started(FIRST, "LLD-1", "LLD-2"),
        finished("LLD-1", Outcome.APPROVED),
        events.StepStarted(item="LLD-2", step="draft"),
    )
    close_unclosed(run.path, closed_by=SECOND)
    found = summary(run.path)
    assert {label: item["outcome"] for label, item in found["items"].items()} == {
        "LLD-1": "approved",
        "LLD-2": "interrupted",
    }
    assert found["exit_code"] is None
    assert found["closed_by"] == SECOND
    assert (found["run_id"], found["started"], found["finished"]) == (
        FIRST,
        "2026-11-23T18:15:01.000Z",
        "2026-11-23T18:15:04.000Z",
    )
    assert unclosed_runs(paths) == ()


def test_a_run_killed_after_its_end_keeps_its_exit_code(run_of: RunOf) -> None:
    run = run_of(FIRST, started(FIRST), events.RunFinished(exit_code=3))
    close_unclosed(run.path, closed_by=SECOND)
    assert summary(run.path)["exit_code"] == 3


def lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for line in path.read_bytes().splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


CALL = events.CallStarted(item="LLD-1", call="1", credential="main", model="m")
ENDS: list[events.Event] = [
    events.CallFinished(item="LLD-1", call="1", credential="main", model="m", seconds=1),
    events.CallRefused(
        item="LLD-1", call="1", credential="main", model="m", seconds=1, refusal="", message=""
    ),
    CALL.abandoned("the run was stopped"),
]


@pytest.mark.parametrize("torn", [b"", b'{"time": "2026-'])
def test_a_call_that_was_in_flight_is_given_its_end_in_record_and_audit(
    run_of: RunOf, torn: bytes
) -> None:
    other = replace(CALL, item="LLD-2")
    run = run_of(FIRST, started(FIRST, "LLD-1", "LLD-2"), CALL, *ENDS[:1], other)
    run.audit(other)
    for name in ("events.ndjson", "workflow-audit-2.jsonl"):
        with (run.path / name).open("ab") as file:
            file.write(torn)
    for _ in range(2):  # the second time as after a kill before the summary was there
        close_unclosed(run.path, closed_by=SECOND)
    for name in ("events.ndjson", "workflow-audit-2.jsonl"):
        [end] = [line for line in lines(run.path / name) if line["event"] == "call_abandoned"]
        assert events.decode(end) == other.abandoned("the run was killed")
        assert end["time"] == "2026-11-23T18:15:05.000Z"
    assert not (run.path / "workflow-audit-1.jsonl").exists()
    assert summary(run.path)["items"]["LLD-2"]["calls_of_unknown_cost"] == 1
    assert summary(run.path)["items"]["LLD-1"]["calls_of_unknown_cost"] == 0


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
def test_a_call_that_has_ended_is_let_be(run_of: RunOf, end: events.Event) -> None:
    run = run_of(FIRST, started(FIRST, "LLD-1"), CALL, end)
    before = (run.path / "events.ndjson").read_bytes()
    close_unclosed(run.path, closed_by=SECOND)
    assert (run.path / "events.ndjson").read_bytes() == before


@pytest.mark.parametrize("label", ["", "LLD-../../outside", "LLD-1/x"])
def test_a_call_of_what_is_no_item_leads_nowhere(run_of: RunOf, label: str) -> None:
    run = run_of(FIRST, started(FIRST, "LLD-1"), replace(CALL, item=label))
    before = snapshot(run.path)
    close_unclosed(run.path, closed_by=SECOND)
    after = snapshot(run.path)
    assert set(after) - set(before) == {run.path / "summary.json"}
    assert after[run.path / "events.ndjson"] == before[run.path / "events.ndjson"]


def test_an_audit_that_leads_elsewhere_is_not_written(run_of: RunOf, tmp_path: Path) -> None:
    run = run_of(FIRST, started(FIRST, "LLD-1"), CALL)
    (tmp_path / "outside").touch()
    (run.path / "workflow-audit-1.jsonl").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        close_unclosed(run.path, closed_by=SECOND)
    assert caught.value.hint
    assert (tmp_path / "outside").read_bytes() == b""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_events_torn_anywhere_tell_what_was_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    recorded = [
        started("x", "LLD-1", "LLD-2"),
        finished("LLD-1", Outcome.APPROVED),
        finished("LLD-2", Outcome.FAILED, "no\nmodel"),
    ]
    whole = [json.dumps({"time": "t"} | events.encode(event)).encode() for event in recorded]
    text = b"\n".join(whole) + b"\n"
    cut = data.draw(st.integers(0, len(text)))
    (run / "events.ndjson").write_bytes(text[:cut])
    close_unclosed(run, closed_by=SECOND)
    outcomes = {label: item["outcome"] for label, item in summary(run)["items"].items()}
    lines = sum(cut >= len(b"\n".join(whole[: count + 1])) for count in range(3))
    assert (
        outcomes
        == [
            {},
            {"LLD-1": "interrupted", "LLD-2": "interrupted"},
            {"LLD-1": "approved", "LLD-2": "interrupted"},
            {"LLD-1": "approved", "LLD-2": "failed"},
        ][lines]
    )


@pytest.mark.parametrize(
    "garbage",
    [b"{", b"[1]\n", b"\xff\xfe\n", b'{"event": "nonsense"}\n', b"[" * 100_000 + b"\n", b"7\n"],
)
def test_lines_that_are_no_events_are_passed_over(run_of: RunOf, garbage: bytes) -> None:
    run = run_of(FIRST, started(FIRST, "LLD-1"))
    path = run.path / "events.ndjson"
    path.write_bytes(garbage + b"\n" + path.read_bytes() + garbage)
    close_unclosed(run.path, closed_by=SECOND)
    assert summary(run.path)["items"]["LLD-1"]["outcome"] == "interrupted"


def test_a_record_that_somebody_blew_up_does_not_fill_the_memory(run_of: RunOf) -> None:
    run = run_of(FIRST, started(FIRST, "LLD-1"))
    for name in ("events.ndjson", "run.json"):
        os.truncate(run.path / name, 200_000_000)
    tracemalloc.start()
    try:
        close_unclosed(run.path, closed_by=SECOND)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert summary(run.path)["items"]["LLD-1"]["outcome"] == "interrupted"


def test_an_empty_folder_can_be_closed(paths: StatePaths) -> None:
    run = paths.runs / FIRST
    run.mkdir()
    assert unclosed_runs(paths) == (run,)
    close_unclosed(run, closed_by=SECOND)
    assert summary(run)["items"] == {}


def test_a_summary_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone cannot be written: No such file"):
        close_unclosed(tmp_path / "gone", closed_by=SECOND)


def test_children_are_those_of_the_record(run_of: RunOf) -> None:
    run = run_of(FIRST)
    run.add_child("LLD-1", 7)
    run.add_child("LLD-2", 8)
    assert children(run.path) == (ChildRecord("LLD-1", 7), ChildRecord("LLD-2", 8))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"children": []}',
        '{"children": {"LLD-1": 7}}',
        '{"children": {"LLD-1": {"pid": -1, "created": 1.5}}}',
        '{"children": {"LLD-1": {"pid": "7", "created": 1.5}}}',
        '{"children": {"LLD-1": {}}}',
        "[" * 100_000,
    ],
)
def test_a_corrupt_record_names_no_children(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    assert children(tmp_path) == ()


def test_a_record_that_is_a_pipe_or_a_symlink_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    assert children(tmp_path) == ()
    (tmp_path / "run.json").unlink()
    (tmp_path / "real.json").write_text('{"children": {"LLD-1": {"pid": 7, "created": 1.5}}}')
    assert not children(tmp_path)
    (tmp_path / "run.json").symlink_to("real.json")
    assert not children(tmp_path)


def test_the_newest_outcome_of_each_item(paths: StatePaths, run_of: RunOf) -> None:
    first = run_of(
        FIRST,
        started(FIRST, "LLD-1", "LLD-2", "LLD-3"),
        finished("LLD-1", Outcome.FAILED, "no model"),
        finished("LLD-2", Outcome.NEEDS_REVISION),
        finished("LLD-3", Outcome.FAILED, "too thin"),
    )
    first.close(1)
    run_of(
        SECOND,
        started(SECOND, "LLD-1", "LLD-2", "LLD-4"),
        finished("LLD-1", Outcome.APPROVED),
        finished("LLD-2", Outcome.SKIPPED),
    )
    assert last_outcomes(paths) == {
        "LLD-1": LastOutcome(Outcome.APPROVED, "", "2026-11-23T18:15:09.000Z", SECOND),
        "LLD-2": LastOutcome(Outcome.NEEDS_REVISION, "", "2026-11-23T18:15:04.000Z", FIRST),
        "LLD-3": LastOutcome(Outcome.FAILED, "too thin", "2026-11-23T18:15:05.000Z", FIRST, FIRST),
        "LLD-4": LastOutcome(Outcome.INTERRUPTED, "", "", SECOND),
    }


def test_an_interruption_settles_no_failure(paths: StatePaths, run_of: RunOf) -> None:
    run_of(FIRST, started(FIRST, "LLD-1"), finished("LLD-1", Outcome.FAILED, "no model")).close(1)
    run_of(SECOND, started(SECOND, "LLD-1"), finished("LLD-1", Outcome.INTERRUPTED)).close(130)
    run_of(THIRD, started(THIRD, "LLD-1"))  # was killed
    last = last_outcomes(paths)["LLD-1"]
    assert (last.outcome, last.run_id, last.failed_in) == (Outcome.INTERRUPTED, THIRD, FIRST)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"items": 7}', '{"items": {"LLD-1": {"outcome": "perfect"}}}']
)
def test_a_corrupt_summary_is_passed_over(paths: StatePaths, run_of: RunOf, text: str) -> None:
    run_of(FIRST, started(FIRST, "LLD-1"), finished("LLD-1", Outcome.APPROVED)).close(0)
    (run_of(SECOND, started(SECOND, "LLD-1")).path / "summary.json").write_text(text)
    assert last_outcomes(paths)["LLD-1"].run_id == FIRST


def test_reading_leaves_every_byte_as_it_was(paths: StatePaths, run_of: RunOf) -> None:
    run_of(FIRST, started(FIRST, "LLD-1"), finished("LLD-1", Outcome.APPROVED)).close(0)
    killed = run_of(SECOND, started(SECOND, "LLD-1"))
    killed.add_child("LLD-1", 7)
    with (killed.path / "events.ndjson").open("ab") as file:
        file.write(b'{"torn')
    before = snapshot(paths.root)
    unclosed_runs(paths)
    children(killed.path)
    last_outcomes(paths)
    assert snapshot(paths.root) == before


def test_a_folder_that_cannot_be_listed_is_a_sentence(tmp_path: Path) -> None:
    runs = tmp_path / ".agentos/logs/parallel"
    runs.parent.mkdir(parents=True)
    runs.symlink_to("parallel")
    with pytest.raises(UsageError, match=r"logs/parallel cannot be read: .*symbolic links"):
        last_outcomes(StatePaths(tmp_path / ".agentos"))


def test_an_unreadable_run_is_passed_over(
    public_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    paths = StatePaths(public_folder / ".agentos")
    with unprivileged():
        prepare_state(paths, public_folder)
        run = paths.runs / FIRST
        run.mkdir()
        (run / "summary.json").write_text('{"items": {"LLD-1": {"outcome": "approved"}}}')
        assert len(last_outcomes(paths)) == 1
        run.chmod(0)
        assert last_outcomes(paths) == {}
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            close_unclosed(*unclosed_runs(paths), closed_by=SECOND)
        run.chmod(0o700)


def test_whose_process_a_run_is(run_of: RunOf) -> None:
    run = run_of(FIRST).path
    pid = os.getpid()
    assert supervisor(run) == SupervisorRecord(pid, process_start(pid))
    for other in ('{"pid": -1, "start": "now"}', '{"pid": 7, "created": 1.5}'):
        (run / "run.json").write_text(f'{{"supervisor": {other}}}')
        assert supervisor(run) is None
    (run / "run.json").unlink()
    assert supervisor(run) is None
