import json
import os
import re
import shutil
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agentos.core import events
from agentos.core.clock import Now
from agentos.core.errors import ItemError, UsageError
from agentos.core.event_stream import EventStream
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.core.prices import Price, PriceTable
from agentos.records.process_start import process_start
from agentos.records.run_folder import RunFolder, new_run_id

RUN_ID = "20261123T181500Z-3fa9"
PRICES = PriceTable({"m": Price(Decimal(1), Decimal(10))})


def never(error: OSError) -> None:
    raise AssertionError(error)


def create(
    paths: StatePaths,
    now: Now,
    on_error: Callable[[OSError], None] = never,
) -> RunFolder:
    return RunFolder.create(
        paths,
        run_id=RUN_ID,
        now=now,
        settings={"parallel": 5},
        on_error=on_error,
        prices=PRICES,
    )


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_an_id_is_utc_and_random() -> None:
    moment = datetime(2026, 11, 23, 19, 15, tzinfo=timezone(timedelta(hours=1)))
    assert new_run_id(moment, lambda count: "3fa9c0de"[: 2 * count]) == RUN_ID
    assert re.fullmatch(r"20261123T181500Z-[0-9a-f]{4}", new_run_id(moment.astimezone(UTC)))


def test_begins_with_what_the_run_is(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    assert run.path == paths.runs / RUN_ID
    me = {"pid": os.getpid(), "start": process_start(os.getpid())}
    assert read(run.path / "run.json") == {
        "run_id": RUN_ID,
        "started": "2026-11-23T18:15:01.000Z",
        "supervisor": me,
        "settings": {"parallel": 5},
        "children": {},
    }


def test_is_for_the_owner_only(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    run.record(events.Notice(text="hello"))
    run.audit(events.Decided(item="LLD-42", decision="stop", reason="same findings"))
    run.add_child("LLD-42", 7)
    run.close(0)
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.path.iterdir()}
    assert names == dict.fromkeys(
        ["run.json", "events.ndjson", "summary.json", "workflow-audit-42.jsonl"], 0o600
    )


def test_a_folder_that_cannot_be_made_is_a_sentence(paths: StatePaths, now: Now) -> None:
    create(paths, now)
    with pytest.raises(UsageError, match=f"{RUN_ID} cannot be written: File exists"):
        create(paths, now)


def test_children_are_named_from_many_threads(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    threads = [
        threading.Thread(target=run.add_child, args=(f"LLD-{number}", 1000 + number))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(run.path / "run.json")["children"] == {
        f"LLD-{number}": {"pid": 1000 + number} for number in range(12)
    }


def test_events_are_one_line_each(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    run.record(events.RunStarted(run_id=RUN_ID, items=("LLD-42",), parallel=1))
    run.record(events.Notice(text='a\n"b" \x1b[31m'))
    run.record(events.ItemFinished(item="LLD-42", outcome=Outcome.APPROVED, seconds=2.5))
    found = lines(run.path / "events.ndjson")
    assert [line["event"] for line in found] == ["run_started", "notice", "item_finished"]
    assert found[1] == {
        "time": "2026-11-23T18:15:03.000Z",
        "event": "notice",
        "text": 'a\n"b" \x1b[31m',
        "urgent": False,
    }
    assert events.decode(found[2]) == events.ItemFinished(
        item="LLD-42", outcome=Outcome.APPROVED, seconds=2.5
    )


def test_only_ends_wait_for_the_disk(
    paths: StatePaths, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(paths, now)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    run.record(events.StepStarted(item="LLD-42", step="draft"))
    run.record(events.Notice(text="hello"))
    assert not synced
    run.record(events.RunStarted(run_id=RUN_ID, items=(), parallel=1))
    run.record(events.ItemFinished(item="LLD-42", outcome=Outcome.FAILED, seconds=1))
    run.record(events.RunFinished(exit_code=1))
    assert len(synced) == 3


def test_the_audit_holds_what_the_workflow_decided(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    for event in (
        events.ChildStarted(item="ISSUE-dark-mode", pid=7),
        events.StepStarted(item="ISSUE-dark-mode", step="draft"),
        events.LeaseRequested(item="ISSUE-dark-mode", provider="embedded"),
        events.LeaseGranted(item="ISSUE-dark-mode", credential="main"),
        events.CallStarted(item="ISSUE-dark-mode", call="1", credential="main", model="m"),
        events.CallRefused(
            item="ISSUE-dark-mode",
            call="1",
            credential="main",
            model="m",
            seconds=0.5,
            refusal="rate_limited",
            message="wait",
        ),
        events.CallAbandoned(
            item="ISSUE-dark-mode", call="2", credential="main", model="m", reason="stopped"
        ),
        events.Notice(text="hello"),
        events.Decided(item="LLD-42", decision="stop", reason="same findings"),
        events.ItemFinished(item="ISSUE-dark-mode", outcome=Outcome.APPROVED, seconds=1),
    ):
        run.audit(event)
    found = lines(run.path / "workflow-audit-dark-mode.jsonl")
    assert [line["event"] for line in found] == [
        "step_started",
        "lease_granted",
        "call_started",
        "call_refused",
        "call_abandoned",
        "item_finished",
    ]
    assert found[0] == {
        "time": "2026-11-23T18:15:02.000Z",
        "event": "step_started",
        "item": "ISSUE-dark-mode",
        "step": "draft",
    }
    assert lines(run.path / "workflow-audit-42.jsonl")[0]["decision"] == "stop"


def test_a_log_is_named_by_its_label(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    assert run.log_path("LLD-42") == run.path / "LLD-42.log"
    with run.open_log("LLD-42") as log:
        log.write(b"hello\xff\n")
        assert (run.path / "LLD-42.log").read_bytes() == b"hello\xff\n"
    with run.open_log("LLD-42") as log:
        log.write(b"again")
    assert (run.path / "LLD-42.log").read_bytes() == b"hello\xff\nagain"
    assert stat.S_IMODE((run.path / "LLD-42.log").stat().st_mode) == 0o600
    assert run.log_path("ISSUE-dark-mode") == run.path / "ISSUE-dark-mode.log"


@pytest.mark.parametrize("label", ["", "LLD-", "LLD-../../x", "ISSUE-.hidden", "run", "LLD-a/b"])
def test_a_label_does_not_lead_out_of_the_folder(paths: StatePaths, now: Now, label: str) -> None:
    run = create(paths, now)
    with pytest.raises(ValueError, match="not the label"):
        run.log_path(label)
    with pytest.raises(ValueError, match="not the label"):
        run.audit(events.StepStarted(item=label, step="draft"))


def call_of(item: str, model: str = "m", **used: Any) -> events.CallFinished:
    return events.CallFinished(
        item=item, call="1", credential="main", model=model, seconds=1.0, **used
    )


def test_the_summary_adds_the_events_up(paths: StatePaths, now: Now) -> None:
    run = create(paths, now)
    refused = events.CallRefused(
        item="LLD-2",
        call="2",
        credential="main",
        model="m",
        seconds=1.0,
        refusal="empty",
        message="the answer is empty",
        input_tokens=2,
    )
    for event in (
        events.RunStarted(run_id=RUN_ID, items=("LLD-1", "LLD-2", "LLD-3"), parallel=2),
        call_of("LLD-1", input_tokens=10, output_tokens=2, cached_tokens=4),
        call_of("LLD-1", input_tokens=5, output_tokens=1),
        call_of("LLD-2", input_tokens=7, output_tokens=3),
        refused,
        call_of("LLD-2", usage_known=False),
        events.CallAbandoned(
            item="LLD-3", call="3", credential="main", model="m", reason="the run was stopped"
        ),
        events.ItemFinished(
            item="LLD-1", outcome=Outcome.APPROVED, seconds=2.5, document="docs/LLD-001.md"
        ),
        events.AttemptFailed(item="LLD-2", attempt=1, attempts=3, error="killed", pause=2.0),
        events.AttemptFailed(item="LLD-2", attempt=2, attempts=3, error="not there", pause=4.0),
        events.ItemFinished(item="LLD-2", outcome=Outcome.FAILED, seconds=0.5, error="no model"),
        events.RunFinished(exit_code=99),
    ):
        run.record(event)
    run.close(1)
    assert read(run.path / "summary.json") == {
        "run_id": RUN_ID,
        "started": "2026-11-23T18:15:01.000Z",
        "finished": "2026-11-23T18:15:14.000Z",
        "exit_code": 1,
        "items": {
            "LLD-1": {
                "outcome": "approved",
                "error": "",
                "seconds": 2.5,
                "document": "docs/LLD-001.md",
                "finished": "2026-11-23T18:15:09.000Z",
                "failed_attempts": [],
                "input_tokens": 15,
                "output_tokens": 3,
                "cached_tokens": 4,
                "cost_usd": 0.000045,
                "calls_of_unknown_cost": 0,
            },
            "LLD-2": {
                "outcome": "failed",
                "error": "no model",
                "seconds": 0.5,
                "document": "",
                "finished": "2026-11-23T18:15:12.000Z",
                "failed_attempts": ["killed", "not there"],
                "input_tokens": 9,
                "output_tokens": 3,
                "cached_tokens": 0,
                "cost_usd": 0.000039,
                "calls_of_unknown_cost": 1,
            },
            "LLD-3": {
                "outcome": "interrupted",
                "error": "",
                "seconds": 0.0,
                "document": "",
                "finished": None,
                "failed_attempts": [],
                "input_tokens": 0,
                "output_tokens": 0,
                "cached_tokens": 0,
                "cost_usd": 0.0,
                "calls_of_unknown_cost": 1,
            },
        },
        "totals": {
            "items": 3,
            "approved": 1,
            "needs_revision": 0,
            "failed": 1,
            "interrupted": 1,
            "skipped": 0,
            "input_tokens": 24,
            "output_tokens": 6,
            "cached_tokens": 4,
            "cost_usd": 0.000084,
            "calls_of_unknown_cost": 2,
        },
    }


def test_a_call_without_a_price_leaves_the_cost_of_its_item_and_the_total_open(
    paths: StatePaths, now: Now
) -> None:
    run = create(paths, now)
    for model in ("other", "m"):
        run.record(call_of("LLD-1", model, input_tokens=10))
    run.record(call_of("LLD-2", input_tokens=10))
    run.record(call_of("LLD-3", "embedded"))
    run.close(0)
    found = read(run.path / "summary.json")
    costs = {label: item["cost_usd"] for label, item in found["items"].items()}
    assert costs == {"LLD-1": None, "LLD-2": 0.00001, "LLD-3": 0.0}
    assert found["totals"]["cost_usd"] is None
    assert found["totals"]["input_tokens"] == 30


def test_the_first_failure_is_told_once_and_nothing_raises(paths: StatePaths, now: Now) -> None:
    told: list[OSError] = []
    run = create(paths, now, on_error=told.append)
    hidden = paths.runs / "hidden"
    run.path.rename(hidden)
    run.record(events.Notice(text="lost"))
    run.audit(events.StepStarted(item="LLD-42", step="draft"))
    run.add_child("LLD-42", 7)
    run.close(1)
    assert [type(error) for error in told] == [FileNotFoundError]
    hidden.rename(run.path)
    run.record(events.Notice(text="again"))
    run.close(1)
    assert [line["text"] for line in lines(run.path / "events.ndjson")] == ["again"]
    assert read(run.path / "summary.json")["exit_code"] == 1
    assert len(told) == 1


def test_a_log_that_cannot_be_opened_fails_its_item(paths: StatePaths, now: Now) -> None:
    told: list[OSError] = []
    run = create(paths, now, on_error=told.append)
    shutil.rmtree(run.path)
    with pytest.raises(ItemError, match=r"LLD-42\.log cannot be written: No such file"):
        run.open_log("LLD-42")
    assert len(told) == 1


def test_who_is_told_of_a_failure_may_publish_an_event(paths: StatePaths, now: Now) -> None:
    stream = EventStream()
    seen: list[events.Event] = []

    def tell(error: OSError) -> None:
        stream.publish(events.Notice(text=f"the record cannot be written: {error.strerror}"))

    run = create(paths, now, on_error=tell)
    stream.subscribe(run.record)
    stream.subscribe(seen.append)
    shutil.rmtree(run.path)
    stream.publish(events.StepStarted(item="LLD-42", step="draft"))
    assert [events.encode(event)["event"] for event in seen] == ["notice", "step_started"]
