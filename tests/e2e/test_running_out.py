"""A batch that stops for want of means says what to do, and goes on when that is done."""

import pytest
from command import Workspace
from loopback import KEYS

from agentos.testing import LoopbackServer, author, refusals

BATCH = ("parallel", "lld", "042", "--drafter", "openai/x")
KEY = {"OPENAI_API_KEY": KEYS["draft-a"]}
BUDGET = "to go on, give a higher limit; --budget-reset forgets what a batch has spent"
CREDENTIALS = "to go on, add a credential that works, and run the command again"


@pytest.mark.parametrize(
    ("limit", "is_refused", "advice"),
    [(("--max-tokens", "1000"), False, BUDGET), ((), True, CREDENTIALS)],
    ids=["budget", "credentials"],
)
def test_the_last_words_say_how_to_go_on(
    shelf: Workspace, limit: tuple[str, ...], is_refused: bool, advice: str
) -> None:
    shelf.keep_issues("042")
    with LoopbackServer(lambda asked: refusals.bad_key() if is_refused else author(asked)) as out:
        code, output = shelf.run(*BATCH, *limit, **KEY, OPENAI_BASE_URL=out.base_url("openai"))
    assert code == 4, output
    assert [one for one in (BUDGET, CREDENTIALS) if one in output.splitlines()] == [advice]
    assert ("this batch has spent 0 of 1,000 tokens" in output) is bool(limit)
    with LoopbackServer(author) as server:
        code, output = shelf.run(*BATCH, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    assert code in (0, 3), output
    assert "to go on" not in output


def test_a_batch_over_all_forgets_what_left_the_backlog(shelf: Workspace) -> None:
    ledger = shelf.root / ".agentos/spending-lld.ndjson"
    shelf.keep_issues("042", "057")
    limit = ("--max-tokens", "1000000")
    command = ("parallel", "lld", "--all", "--drafter", "openai/x", "--reviewer", "embedded")
    with LoopbackServer(lambda _asked: refusals.bad_key()) as server:
        code, output = shelf.run(*command, *limit, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    assert code == 4, output
    assert ledger.exists()
    shelf.keep_issues("042")
    with LoopbackServer(author) as server:
        code, output = shelf.run(*command, *limit, **KEY, OPENAI_BASE_URL=server.base_url("openai"))
    assert code in (0, 3), output
    assert not ledger.exists()
