"""What the audits of all runs say of calls, to be held against what a server counted."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ENDS = {"call_finished", "call_refused", "call_abandoned"}
_SEEN_BY_A_SERVER = {"stalled": "stalled", "cut": "cut", "empty": "answered"}


def call_ends(runs: "list[Path]") -> "Counter[tuple[str, str]]":
    """How many calls with each credential ended how; each was started once and ended once."""
    ends: Counter[tuple[str, str]] = Counter()
    for run in runs:
        started: Counter[str] = Counter()
        ended: Counter[str] = Counter()
        for event in _audited(run):
            if event["event"] == "call_started":
                started[event["call"]] += 1
            elif event["event"] in _ENDS:
                ended[event["call"]] += 1
                ends[event["credential"], _end(event)] += 1
        assert started == ended
        assert set(started.values()) <= {1}
    return ends


def call_events(runs: "list[Path]", kind: str) -> Iterator[dict[str, Any]]:
    """The events that ended calls in this way, each with what its call was told to cost at most."""
    for run in runs:
        events = list(_audited(run))
        starts = {event["call"]: event for event in events if event["event"] == "call_started"}
        yield from (
            {**starts[event["call"]], **event} for event in events if event["event"] == kind
        )


def events_by_item(run: Path) -> dict[str, list[dict[str, Any]]]:
    """What a run's audits hold, in the order in which it was written, by the item's label."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in _audited(run):
        found.setdefault(event["item"], []).append({**event})
    return found


def _audited(run: Path) -> Iterator[Mapping[str, Any]]:
    for audit in run.glob("workflow-audit-*.jsonl"):
        for line in audit.read_text().splitlines():
            yield json.loads(line)


def _end(event: Mapping[str, Any]) -> str:
    match event["event"]:
        case "call_finished":
            return "answered"
        case "call_abandoned":
            return "abandoned"
    return _SEEN_BY_A_SERVER.get(event["code"], "refused")
