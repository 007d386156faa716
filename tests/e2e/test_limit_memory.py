"""A limit that one run met is known to the next one, also in another project."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Workspace, wait_until
from loopback import KEYS

from agentos.testing import LoopbackServer, author, refusals

BATCH = ("parallel", "lld", "042", "--drafter", "openai/x")
KEY = {"OPENAI_API_KEY": KEYS["draft-a"]}
COOLING = "[COORDINATOR] All credentials are cooling down, the first is back in "


@pytest.fixture
def limits(own_home: Path) -> Path:
    return own_home / "state" / "agentos" / "limits.json"


def until_it_pauses(shelf: Workspace, server: LoopbackServer) -> str:
    """Run a batch until all keys rest, and then no more."""
    running = shelf.start(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    wait_until(lambda: COOLING in running.text(), "the batch pauses")
    running.process.send_signal(signal.SIGINT)
    code, output = running.finish()
    assert code == -signal.SIGINT, output
    return output


def test_a_pause_of_an_hour_is_not_met_again(shelf: Workspace, limits: Path) -> None:
    with LoopbackServer(lambda _asked: refusals.rate_limited(3600.0)) as server:
        assert "first is back in 3600s, at " in until_it_pauses(shelf, server)
        assert len(server.exchanges) == 1
    assert limits.stat().st_mode & 0o777 == 0o600
    assert KEY["OPENAI_API_KEY"][:8] not in limits.read_text()
    with LoopbackServer(author) as server:
        until_it_pauses(shelf, server)
        assert server.exchanges == ()


def test_a_quota_of_the_day_is_not_met_again(shelf: Workspace) -> None:
    with LoopbackServer(lambda _asked: refusals.daily_quota()) as server:
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
        assert (code, len(server.exchanges)) == (4, 1), output
    with LoopbackServer(author) as server:
        address = server.base_url("openai")
        for command in (BATCH, ("lld", *BATCH[2:])):
            code, output = shelf.run(*command, **KEY, OPENAI_BASE_URL=address)
            assert (code, server.exchanges) == (4, ()), output
            told = " ".join(output.split())
            assert "quota of the day is used up" in told
            assert re.search(r"\(OPENAI_API_KEY until (\d+-\d+-\d+ )?\d\d:\d\d: ", told), output
            assert re.search(r"run the command again after (\d+-\d+-\d+ )?\d\d:\d\d,", told), output


def test_the_key_of_another_account_does_not_rest_for_it(shelf: Workspace, limits: Path) -> None:
    with LoopbackServer(lambda _asked: refusals.daily_quota()) as server:
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
        assert code == 4, output
    assert limits.with_name("limits.salt").stat().st_mode & 0o777 == 0o600
    another = {"OPENAI_API_KEY": KEYS["draft-b"]}
    with LoopbackServer(author) as server:
        code, output = shelf.run(*BATCH, **another, OPENAI_BASE_URL=server.base_url("openai"))
    assert code in (0, 3), output
    assert "closed" not in output


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("{"), lambda path: path.mkdir()])
def test_a_spoilt_memory_costs_a_warning_and_no_run(
    shelf: Workspace, limits: Path, spoil: Callable[[Path], object]
) -> None:
    limits.parent.mkdir(parents=True)
    spoil(limits)
    with LoopbackServer(author) as server:
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    assert code in (0, 3), output
    assert output.count("limits.json") == 1


def test_what_is_over_holds_up_nobody(shelf: Workspace, limits: Path) -> None:
    with LoopbackServer(lambda _asked: refusals.rate_limited(3600.0)) as server:
        until_it_pauses(shelf, server)
    kept = json.loads(limits.read_text())
    for rest in kept["rests"]:
        rest["seconds"] = 0.5
    limits.write_text(json.dumps(kept))
    with LoopbackServer(author) as server:
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    assert code in (0, 3), output


def test_a_key_that_works_again_is_not_waited_for(shelf: Workspace, limits: Path) -> None:
    test = ("credentials", "test", "--model", "openai/x")
    with LoopbackServer(lambda _asked: refusals.rate_limited(3600.0)) as server:
        until_it_pauses(shelf, server)
        code, output = shelf.run(*test, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
        assert (code, "forgotten" in output) == (0, False), output
    with LoopbackServer(author) as server:
        address = server.base_url("openai")
        code, output = shelf.run(*test, **KEY, OPENAI_BASE_URL=address)
        assert code == 0, output
        assert "rests for openai/x: the next run asks at once\n" in output
        assert "openai/x" not in limits.read_text()
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=address)
        assert code in (0, 3), output
        assert COOLING not in output
