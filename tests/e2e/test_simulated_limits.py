"""A batch under AGENTOS_SIMULATE_429: it finishes, and the audits tell where each call went."""

import itertools
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from audits import events_by_item
from command import Workspace

SHARED = """
[[credential]]
name = "team"
env = "KEY_T"
quota = "org-a"

[[credential]]
name = "mine"
env = "KEY_M"
quota = "org-a"
"""
SPARE = """
[[credential]]
name = "spare"
env = "KEY_S"
"""
QUOTAS = {"team": "org-a", "mine": "org-a", "spare": "spare"}

CLOCKS = 0.3
"""Seconds by which an event may be written before the pool has heard of what it tells."""

Call = dict[str, Any]
Way = list[Call]
"""The calls for one step of one item, each as it ended and with when it `began`."""


def ways_of_a_batch(shelf: Workspace, home: Path, credentials: str) -> list[Way]:
    """Run it to its good end; gives what its audits say of calls."""
    folder = home / "config" / "agentos"
    folder.mkdir(parents=True)
    (folder / "credentials.toml").write_text(credentials)
    keys = {f"KEY_{letter}": secrets.token_urlsafe(24) for letter in "TMS"}
    code, output = shelf.run(
        "parallel", "lld", "--all", "-j", "5", AGENTOS_SIMULATE_429="true", **keys
    )
    assert code in (0, 3), output
    items = shelf.summary(shelf.runs[-1])["items"]
    assert {item["outcome"] for item in items.values()} <= {"approved", "needs_revision"}
    assert shelf.journals == []
    audits = events_by_item(shelf.runs[-1])
    assert set(audits) == set(items)
    return [way for events in audits.values() for way in _ways(events)]


def hops_of(ways: list[Way]) -> list[tuple[Call, Call]]:
    """Each refused call with the one that came after it."""
    return [hop for way in ways for hop in itertools.pairwise(way)]


def assert_rests_are_kept(hops: list[tuple[Call, Call]]) -> None:
    for refused, after in hops:
        if refused["quota"] == after["quota"]:
            rest = _moment(after["began"]) - _moment(refused["time"])
            assert rest >= refused["retry_after"] - CLOCKS, (refused, after)


def test_the_audits_tell_which_call_met_which_limit_and_where_it_went_next(
    shelf: Workspace, own_home: Path
) -> None:
    ways = ways_of_a_batch(shelf, own_home, SHARED + SPARE)

    for way in ways:
        assert [call["attempt"] for call in way] == [*range(1, len(way) + 1)]
        assert way[-1]["event"] == "call_finished"
        assert {call["event"] for call in way[:-1]} <= {"call_refused"}
    hops = hops_of(ways)
    for refused, _ in hops:
        assert refused["refusal"] == "rate_limited"
        assert refused["model"] == "embedded"
        assert refused["quota"] == QUOTAS[refused["credential"]]
        assert refused["limits"] == ["requests"]
        assert refused["retry_after"] == 1.0
    # The first call on each credential, and every fifth after it.
    assert {refused["credential"] for refused, _ in hops} == set(QUOTAS)
    assert len(hops) >= sum(map(len, ways)) // 5
    assert any(refused["quota"] != after["quota"] for refused, after in hops)
    assert_rests_are_kept(hops)


def test_a_key_of_the_same_quota_is_no_way_around_its_limit(
    shelf: Workspace, own_home: Path
) -> None:
    shelf.keep_issues("042", "057", "088")

    hops = hops_of(ways_of_a_batch(shelf, own_home, SHARED))

    assert {refused["credential"] for refused, _ in hops} == {"team", "mine"}
    assert {after["quota"] for _, after in hops} == {"org-a"}
    assert_rests_are_kept(hops)


def _ways(events: list[Call]) -> list[Way]:
    starts = {one["call"]: one for one in events if one["event"] == "call_started"}
    ways: dict[str, Way] = {}
    for event in events:
        if event["event"] in {"call_finished", "call_refused"}:
            start = starts.pop(event["call"])
            for name in ("step", "attempt", "credential", "quota", "model"):
                assert start[name] == event[name]
            ways.setdefault(event["step"], []).append(event | {"began": start["time"]})
    assert not starts, "each call has an end"
    return [*ways.values()]


def _moment(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
