"""A budget holds across children, kills and runs: the providers never bill more than it."""

import math
from pathlib import Path

import pytest
from command import Workspace, wait_until
from loopback import MODELS, environment, user_config

from agentos.core.prices import NANO
from agentos.testing import Asked, Exchange, LoopbackServer, Reply, Say, Wire, author

PRICES = """
[providers.openai]
max_output_tokens = 400
[providers.anthropic]
max_output_tokens = 400
[prices]
date = 2026-11-01
[prices."openai/draft-1"]
input = 2
output = 10
[prices."anthropic/review-1"]
input = 1
output = 5
cached = 0.1
cache_write = 1.25
"""
INPUT, OUTPUT = {"openai": 2, "anthropic": 1}, {"openai": 10, "anthropic": 5}
CACHE_WRITE = {"openai": 2, "anthropic": 1.25}


def billed(*servers: LoopbackServer) -> int:
    """Nanodollars that the servers would ask for."""
    return sum(_bill(exchange) for server in servers for exchange in server.exchanges)


def _bill(exchange: Exchange) -> int:
    wire, usage = exchange.asked.wire, exchange.billed
    plain = usage.input_tokens - usage.cache_write_tokens
    per_million = (
        plain * INPUT[wire]
        + usage.cache_write_tokens * CACHE_WRITE[wire]
        + usage.output_tokens * OUTPUT[wire]
    )
    return math.ceil(per_million * (NANO // 10**6))


def documents(shelf: Workspace) -> int:
    """How many are finished."""
    return len(list((shelf.root / "docs/lld/active").glob("LLD-*.md")))


def slow_author(asked: Asked) -> Reply:
    """As an author, but slow enough to be killed in the middle."""
    reply = author(asked)
    assert isinstance(reply, Say)
    written = 300 if asked.wire is Wire.ANTHROPIC else 0
    return Say(reply.text, cache_write_tokens=written, chunks=4, delay=0.1)


def test_what_is_billed_never_exceeds_the_budget(shelf: Workspace, own_home: Path) -> None:
    user_config(own_home, PRICES)
    command = ("parallel", "lld", "--all", "-j", "10", *MODELS)
    with LoopbackServer(slow_author) as drafts, LoopbackServer(slow_author) as reviews:
        variables = environment(drafts, reviews)
        # An item takes about 0.03, a call that is cut off counts with up to 0.07.
        budget = 0.45

        running = shelf.start(*command, "--budget", str(budget), **variables)
        wait_until(lambda: len(drafts.exchanges) >= 3, "drafts are being written")
        running.children()[0].kill()
        wait_until(lambda: documents(shelf) >= 3, "some items are finished")
        running.process.kill()
        running.process.wait()
        assert drafts.wait_idle()
        assert billed(drafts, reviews) <= budget * NANO

        code, output = shelf.run(*command, "--budget", str(budget), **variables)
        assert code == 4, output
        assert "this batch has spent $0." in output
        assert drafts.wait_idle()
        assert reviews.wait_idle()
        assert 0 < billed(drafts, reviews) <= budget * NANO
        assert 3 <= documents(shelf) < 14

        code, output = shelf.run(*command, "--budget", str(budget), **variables)
        assert code == 4, output  # what was spent is not forgotten
        assert billed(drafts, reviews) <= budget * NANO

        code, output = shelf.run(*command, "--budget", "5", **variables)
        assert code in (0, 3), output
        assert documents(shelf) == 14
    assert not (shelf.root / ".agentos/spending-lld.ndjson").exists()
    shelf.assert_no_step_ran_twice()


def test_tokens_can_be_limited_without_a_price(shelf: Workspace) -> None:
    with LoopbackServer(author) as drafts, LoopbackServer(author) as reviews:
        variables = environment(drafts, reviews)
        code, output = shelf.run(
            "parallel", "lld", "042", *MODELS, "--max-tokens", "1000", **variables
        )
        assert code == 4, output
        assert "interrupted" in output
        assert drafts.exchanges == ()

        code, output = shelf.run("parallel", "lld", "042", *MODELS, "--budget", "1", **variables)
        assert code == 2, output
        assert "its price is not set" in output
        assert "--max-tokens" in output


@pytest.mark.parametrize("limit", ["--budget", "--max-tokens"])
def test_no_limit_can_hold_for_a_command(shelf: Workspace, own_home: Path, limit: str) -> None:
    user_config(own_home, '[commands.echo]\nargv = ["cat"]\n')
    code, output = shelf.run("parallel", "lld", "042", "--drafter", "command/echo", limit, "1000")
    assert code == 2, output
    assert "command/echo" in output


def test_a_dry_run_tells_what_it_would_cost(shelf: Workspace, own_home: Path) -> None:
    user_config(own_home, PRICES)
    shelf.keep_issues("042", "057")
    with LoopbackServer(author) as drafts, LoopbackServer(author) as reviews:
        variables = environment(drafts, reviews)
        code, forecast = shelf.run("parallel", "lld", "--all", "--dry-run", *MODELS, **variables)
        assert code == 0
        assert drafts.exchanges == ()
        least, most = _range_of(forecast)
        code, output = shelf.run("parallel", "lld", "--all", *MODELS, **variables)
        assert code in (0, 3), output
        assert least * 0.7 <= billed(drafts, reviews) <= most


def _range_of(forecast: str) -> tuple[int, int]:
    """Nanodollars of the line that begins `In total`."""
    (line,) = [line for line in forecast.splitlines() if line.startswith("In total")]
    least, most = (float(word.strip("$,.")) for word in line.split() if word.startswith("$"))
    return int(least * NANO), int(most * NANO)
