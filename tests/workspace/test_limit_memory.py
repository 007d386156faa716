from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentos.core.credentials import Credential, Rest
from agentos.workspace.limit_memory import LimitMemory

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = Credential("a", "sk-made-up", "p")


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path)}


def memory(
    environ: Mapping[str, str], minutes: int = 0, credential: Credential = KEY
) -> LimitMemory:
    now = NOON + timedelta(minutes=minutes)
    return LimitMemory(environ, [credential], pytest.fail, lambda: now)


def closed(minutes: int, model: str = "p/m") -> Rest:
    return Rest("p", "a", model, NOON + timedelta(minutes=minutes), "used up")


def told(minutes: int) -> str:
    return f"{NOON.astimezone() + timedelta(minutes=minutes):%H:%M}"


def test_the_first_quota_that_is_back_is_told(environ: Mapping[str, str]) -> None:
    first = memory(environ)
    assert first.first_back() == ""
    first.add([closed(30), closed(20, "p/n"), Rest("p", "a", "p/o", NOON + timedelta(minutes=5))])
    assert first.first_back() == told(20)
    first.add([closed(40, "p/n")])  # its day ends later than it was said at first
    assert first.first_back() == told(30)


def test_also_one_that_an_earlier_run_met_and_no_other_key(environ: Mapping[str, str]) -> None:
    memory(environ).add([closed(30), closed(40, "p/n")])
    assert memory(environ, 10).first_back() == told(30)
    assert memory(environ, 30).first_back() == told(40)
    assert memory(environ, 10, Credential("a", "sk-another", "p")).first_back() == ""
