"""The main job with the vendors' SDKs, against loopback providers that say no in many ways."""

import signal
from pathlib import Path

from audits import call_ends
from command import Workspace, wait_until
from loopback import KEYS, MODELS, environment, server_ends, user_config

from agentos.testing import (
    Asked,
    Cut,
    ErrorEvent,
    LoopbackServer,
    Reply,
    Say,
    Stall,
    author,
    refusals,
)

SHORT_TIMES = """
[providers.openai]
idle_timeout = 2
[providers.anthropic]
idle_timeout = 2
"""


class Drafting:
    """One key is spent; the other is limited, and its provider stalls and cuts now and then."""

    def __init__(self) -> None:
        self._asked = 0  # with the good key

    def __call__(self, asked: Asked) -> Reply:
        if asked.secret == KEYS["draft-b"]:
            return refusals.insufficient_quota()
        self._asked += 1
        match self._asked:
            case 3:
                return refusals.rate_limited(retry_after=1)
            case 5:
                return Stall(after_chunks=1)
            case 8:
                return Cut(after_chunks=1)
            case 11:
                return refusals.server_error()
        return author(asked)


def reviewing(asked: Asked) -> Reply:
    """Overloaded, limited, broken in the middle of a 200, and empty once."""
    match asked.number:
        case 2:
            return refusals.overloaded()
        case 4:
            return refusals.rate_limited(retry_after=1)
        case 6:
            return ErrorEvent("overloaded_error", "Overloaded")
        case 9:
            return Say("")
    return author(asked)


def test_every_item_finishes_and_every_request_is_in_the_audits_once(
    shelf: Workspace, own_home: Path
) -> None:
    user_config(own_home, SHORT_TIMES)
    with LoopbackServer(Drafting()) as drafts, LoopbackServer(reviewing) as reviews:
        code, output = shelf.run(
            "parallel", "lld", "--all", "-j", "5", *MODELS, **environment(drafts, reviews)
        )
        assert drafts.wait_idle()
        assert reviews.wait_idle()
        counted = server_ends(drafts, reviews)
    assert code in (0, 3), output
    assert shelf.journals == []
    outcomes = [item["outcome"] for item in shelf.summary(shelf.runs[-1])["items"].values()]
    assert len(outcomes) == 14
    assert set(outcomes) <= {"approved", "needs_revision"}
    assert counted == call_ends(shelf.runs)
    # A spent key is closed after one call; others may have been in flight with it by then.
    assert 1 <= counted["draft-b", "refused"] <= 5
    assert counted["draft-a", "stalled"] == counted["draft-a", "cut"] == 1
    assert counted["draft-a", "refused"] == 2
    assert counted["review-c", "refused"] == 3
    shelf.assert_no_step_ran_twice()
    assert "Credential draft-b is closed for good" in output
    assert not any(secret in output for secret in KEYS.values())


def test_ctrl_c_abandons_calls_in_flight_and_the_next_run_repeats_no_step(
    shelf: Workspace, own_home: Path
) -> None:
    shelf.keep_issues("042", "057")

    def slow(asked: Asked) -> Reply:
        return Say("# A draft\n\nThat takes its time.", chunks=4, delay=20.0)

    with LoopbackServer(slow) as drafts, LoopbackServer(author) as reviews:
        running = shelf.start(
            "parallel", "lld", "--all", "--grace", "0", *MODELS, **environment(drafts, reviews)
        )
        wait_until(lambda: len(drafts.exchanges) == 2, "both drafts are asked for")
        running.process.send_signal(signal.SIGINT)
        code, output = running.finish()
        assert code == -signal.SIGINT, output
        assert drafts.wait_idle()
        assert call_ends(shelf.runs) == server_ends(drafts, reviews)
        assert call_ends(shelf.runs)["draft-a", "abandoned"] >= 1

    with LoopbackServer(author) as drafts, LoopbackServer(author) as reviews:
        code, output = shelf.run(
            "parallel", "lld", "--all", *MODELS, **environment(drafts, reviews)
        )
    assert code in (0, 3), output
    shelf.assert_no_step_ran_twice()


def test_a_killed_child_leaves_an_end_for_its_call(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    with LoopbackServer([Stall()]) as drafts, LoopbackServer(author) as reviews:
        running = shelf.start(
            "parallel", "lld", "--all", "--retries", "0", *MODELS, **environment(drafts, reviews)
        )
        wait_until(lambda: len(drafts.exchanges) == 1, "the draft is asked for")
        running.children()[0].kill()
        code, output = running.finish()
    assert code == 1, output
    assert call_ends(shelf.runs) == {("draft-a", "abandoned"): 1}
