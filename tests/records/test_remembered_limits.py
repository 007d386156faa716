import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentos.core.credentials import Rest
from agentos.records.remembered_limits import (
    FILE,
    LONGEST_REST,
    MOST_RESTS,
    Recalled,
    RememberedLimits,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rest(seconds: float, *, quota: str = "org", model: str = "p/m", reason: str = "") -> Rest:
    return Rest("p", quota, model, NOON + timedelta(seconds=seconds), reason)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def limits(tmp_path: Path) -> RememberedLimits:
    return RememberedLimits(tmp_path / "state")


def test_what_is_remembered_is_recalled_until_it_ends(limits: RememberedLimits) -> None:
    rests = (rest(60.0), rest(120.0, model="p/n", reason="used up"))
    assert limits.remember(rests, NOON) == ""
    assert limits.load(after(59.0)).rests == rests
    assert limits.load(after(60.0)).rests == rests[1:]
    assert limits.load(after(121.0)).rests == ()


def test_only_its_owner_can_read_it(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], NOON)
    assert limits.path.stat().st_mode & 0o777 == 0o600


def test_to_look_makes_nothing(limits: RememberedLimits, tmp_path: Path) -> None:
    assert limits.load(NOON).rests == ()
    assert list(tmp_path.iterdir()) == []


def test_the_later_end_of_a_domain_counts_and_what_has_ended_goes(
    limits: RememberedLimits,
) -> None:
    limits.remember([rest(60.0), rest(10.0, quota="short")], NOON)
    limits.remember([rest(30.0)], after(20.0))
    assert limits.load(after(20.0)).rests == (rest(60.0),)
    assert "short" not in limits.path.read_text()


def test_a_clock_that_was_set_back_makes_no_rest_longer(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], NOON)
    assert limits.load(after(-3600.0)).rests == ()


@pytest.mark.parametrize("seconds", [-1.0, 0.0, LONGEST_REST + 1])
def test_what_can_be_no_rest_is_not_kept(limits: RememberedLimits, seconds: float) -> None:
    limits.remember([rest(seconds)], NOON)
    assert not limits.path.exists()


def test_only_so_many_are_kept_and_those_the_longest(limits: RememberedLimits) -> None:
    count = MOST_RESTS + 50
    limits.remember([rest(100.0 + n, model=f"p/{n:04}") for n in range(count)], NOON)
    kept = limits.load(NOON).rests
    assert [one.model for one in kept] == [f"p/{n:04}" for n in range(50, count)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "rests": [{}]}',
        b'{"version": 99, "rests": []}',
        b"[" * 100_000,
        b" " * 5_000_000,
    ],
)
def test_what_cannot_be_read_is_told_once_and_replaced(
    limits: RememberedLimits, content: bytes
) -> None:
    limits.path.parent.mkdir()
    limits.path.write_bytes(content)
    found = limits.load(NOON)
    assert found.rests == ()
    assert str(limits.path) in found.warning
    assert limits.remember([rest(60.0)], NOON) == ""
    assert limits.load(NOON).rests == (rest(60.0),)


def test_no_symlink_is_followed(limits: RememberedLimits, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    limits.path.parent.mkdir()
    limits.path.symlink_to(target)
    assert "symlink" in limits.load(NOON).warning
    limits.remember([rest(60.0)], NOON)
    assert target.read_text() == "mine"


def test_two_processes_lose_nothing_of_each_other(limits: RememberedLimits) -> None:
    program = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from agentos.core.credentials import Rest\n"
        "from agentos.records.remembered_limits import RememberedLimits\n"
        "limits, now = RememberedLimits(Path(sys.argv[1])), datetime.now(UTC)\n"
        "for n in range(20):\n"
        "    rest = Rest('p', sys.argv[2], f'p/{n}', now + timedelta(hours=1))\n"
        "    assert limits.remember([rest], datetime.now(UTC)) == ''\n"
    )
    folder = str(limits.path.parent)
    both = [subprocess.Popen([sys.executable, "-c", program, folder, name]) for name in "ab"]
    assert [one.wait(120) for one in both] == [0, 0]
    assert len(json.loads(limits.path.read_text())["rests"]) == 40


def test_a_folder_that_cannot_be_written_costs_the_memory_alone_and_is_said_once(
    public_folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    folder = public_folder / "state"
    folder.mkdir()
    folder.chmod(0o555)
    limits = RememberedLimits(folder)
    with unprivileged():
        assert str(folder / FILE) in limits.remember([rest(60.0)], NOON)
        assert limits.remember([rest(60.0)], NOON) == ""
    assert list(folder.iterdir()) == []


def test_the_rest_of_one_domain_is_forgotten(limits: RememberedLimits) -> None:
    over, others = rest(60.0), (rest(60.0, model="p/n"), rest(60.0, quota="other"))
    limits.remember([over, *others], NOON)
    assert limits.forget("p", "org", "p/m", NOON) == Recalled((over,))
    assert set(limits.load(NOON).rests) == set(others)
    assert limits.forget("p", "org", "p/m", NOON) == Recalled()


def test_where_nothing_is_to_be_forgotten_nothing_is_made(
    limits: RememberedLimits, tmp_path: Path
) -> None:
    assert limits.forget("p", "org", "p/m", NOON) == Recalled()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_forgotten_is_told(limits: RememberedLimits) -> None:
    limits.remember([rest(60.0)], NOON)
    lock = limits.path.with_suffix(".lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    found = limits.forget("p", "org", "p/m", NOON)
    assert found.rests == ()
    assert found.warning.startswith(f"a limit that is over cannot be forgotten: {limits.path}: ")
    assert limits.load(NOON).rests == (rest(60.0),)
