"""Clocks that jump, and machines that sleep: no deadline and no record is fooled by them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import child_programs
import deeds
import pytest
from command import Workspace
from stage import Stage

from agentos.core.credentials import Credential, Rest
from agentos.core.outcomes import Outcome
from agentos.engines.awake_clock import LOOKED_AT_EVERY, AwakeClock
from agentos.records.remembered_limits import RememberedLimits

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = 3600.0
BACK_AN_HOUR, AHEAD_A_DAY = "-1h", "+1d"

_FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)

needs_faketime = pytest.mark.skipif(_FAKETIME is None, reason="needs libfaketime (from Debian)")


def on_fake_time(clock: Path) -> dict[str, str]:
    """The command reads its wall clock from the offset in the file; nobody else's is touched."""
    return {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }


@needs_faketime
@pytest.mark.parametrize("jump", [BACK_AN_HOUR, AHEAD_A_DAY])
def test_the_wall_clock_jumps_in_mid_run(shelf: Workspace, tmp_path: Path, jump: str) -> None:
    shelf.keep_issues("042", "057")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    deeds_done = deeds.doing(deeds.set_the_clock, tmp_path, place=clock)

    code, output = shelf.run(
        "parallel", "lld", "--all", "--timeout", "120", "--idle-timeout", "120",
        **(on_fake_time(clock) | deeds_done | {deeds.JUMP: jump}),
    )  # fmt: skip

    assert code == 0, output
    assert "2 approved" in output
    summary = shelf.summary(shelf.runs[0])
    jumped = datetime.fromisoformat(summary["finished"]) - datetime.fromisoformat(
        summary["started"]
    )
    assert (jumped > timedelta(hours=20)) if jump == AHEAD_A_DAY else (jumped < timedelta(0))
    assert all(0 <= item["seconds"] < 120 for item in summary["items"].values())
    assert shelf.run("parallel", "lld", "--all")[0] == 0
    shelf.assert_no_step_ran_twice()


@needs_faketime
@pytest.mark.parametrize("jump", [BACK_AN_HOUR, AHEAD_A_DAY])
def test_a_run_is_resumed_at_another_time_than_it_was_left(
    shelf: Workspace, tmp_path: Path, jump: str
) -> None:
    shelf.keep_issues("042")
    failing = deeds.doing(deeds.kill_the_supervisor, tmp_path)
    shelf.run("parallel", "lld", "--all", **failing)
    assert shelf.journals
    clock = tmp_path / "clock"
    clock.write_text(jump)

    again = tmp_path / "again"
    again.mkdir()
    code, output = shelf.run(
        "parallel", "lld", "--all", **(on_fake_time(clock) | deeds.doing(deeds.nothing, again))
    )

    assert code == 0, output
    assert "was cut off; its record is closed now" in output
    assert "LLD-42" in shelf.steps("step_restored")
    shelf.assert_no_step_ran_twice()
    index = json.loads((shelf.root / "docs/lld/lld-status.json").read_text())["items"]
    assert [entry["outcome"] for entry in index.values()] == ["approved"]


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (timedelta(hours=-1), None),  # nobody knows how much is left: the first call tells
        (timedelta(minutes=4), timedelta(minutes=6)),
        (timedelta(days=1), None),
    ],
)
def test_a_rest_that_is_remembered_gets_no_longer(
    tmp_path: Path, later: timedelta, left: timedelta | None
) -> None:
    limits = RememberedLimits(tmp_path)
    rest = Rest("openai", "org", "gpt", NOON + timedelta(minutes=10), "limited")
    key = Credential("org", "sk-made-up", "openai")
    assert limits.remember([rest], [key], NOON) == ""

    recalled = limits.load([key], NOON + later).rests

    assert [one.until - (NOON + later) for one in recalled] == ([left] if left else [])


def test_a_machine_that_slept_ends_no_child(tmp_path: Path) -> None:
    now = 0.0
    stage = Stage(
        tmp_path, child_programs.never_ends, timeout=HOUR / 2, clock=AwakeClock(lambda: now)
    )
    stage.start().await_step()

    now += 8 * HOUR
    for _ in range(5):  # it goes on, and tells so
        stage.poke().await_told("SIGUSR1")
    for _ in range(int(HOUR / 2 / LOOKED_AT_EVERY)):
        now += LOOKED_AT_EVERY
        stage.engine._clock()

    verdict = stage.poke().end().verdict()
    assert verdict.outcome is Outcome.FAILED
    assert verdict.error == "not finished within its time limit of 1800 s in step draft"


def test_nor_one_that_has_only_seconds_left(tmp_path: Path) -> None:
    now = 0.0
    stage = Stage(tmp_path, child_programs.never_ends, timeout=20.0, clock=AwakeClock(lambda: now))
    stage.start().await_step()

    def pass_seconds(count: int) -> None:
        nonlocal now
        for _ in range(count):
            now += 1
            stage.engine._clock()

    pass_seconds(15)
    now += 40
    for _ in range(5):  # it goes on, and tells so
        stage.poke().await_told("SIGUSR1")
    pass_seconds(5)

    verdict = stage.poke().end().verdict()
    assert verdict.error == "not finished within its time limit of 20 s in step draft"


def test_and_no_grace(tmp_path: Path) -> None:
    now = 0.0
    stage = Stage(
        tmp_path, child_programs.checkpoints_slowly, grace=60.0, clock=AwakeClock(lambda: now)
    )
    stage.start().await_step().stop().await_told("closing the journal")

    now += 8 * HOUR
    end = stage.poke().end()

    assert end.verdict().outcome is Outcome.INTERRUPTED
    assert stage.notices == []
