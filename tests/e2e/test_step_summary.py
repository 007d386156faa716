"""What the installed command adds to the page of a CI job, however a run ends."""

import signal
from pathlib import Path

import pytest
from command import Workspace, wait_until
from loopback import KEYS

from agentos.testing import Asked, LoopbackServer, Reply, author, refusals

ALL = ("parallel", "lld", "--all")
DRAFTER = ("--drafter", "openai/draft-1")
KEY = KEYS["draft-a"]
HEAD = "| item | title | outcome | document | time |"


@pytest.fixture
def page(shelf: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of a job whose step before wrote to it; there are three issues."""
    shelf.keep_issues("042", "057", "128")
    path = tmp_path / "page.md"
    path.write_text("### an earlier step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def added(page: Path) -> str:
    """What a command added; the page is then as before it."""
    before, _, told = page.read_text().partition("### an earlier step\n\n")
    assert not before
    page.write_text("### an earlier step\n")
    return told


def test_a_forecast_a_run_that_is_stopped_its_end_and_nothing_to_do(
    shelf: Workspace, page: Path
) -> None:
    assert shelf.run(*ALL, "--dry-run")[0] == 0
    assert added(page).startswith("### agentos: Dry run: 3 of 3 items would run.\n")

    stopped = shelf.start(*ALL, "--grace", "0", AGENTOS_EMBEDDED_LATENCY="2")
    wait_until(lambda: shelf.steps("step_finished"), "a step is finished")
    stopped.process.send_signal(signal.SIGINT)
    code, output = stopped.finish()
    told = added(page)
    assert code == -signal.SIGINT, output
    assert told.startswith("### agentos: 3 interrupted (LLD-42, LLD-57, LLD-128)\n\n| item |")
    assert "- interrupted: type the same command again; it goes on" in told
    assert ", exit code 130\n" in told

    code, output = shelf.run(*ALL)
    told = added(page)
    assert code == 3, output
    assert told.startswith("### agentos: 2 approved, 1 needs revision\n\n" + HEAD)
    assert "| approved | docs/lld/active/LLD-042.md | " in told
    assert "| needs revision | docs/lld/active/LLD-128.md | " in told
    assert "- needs revision: the document says under its title" in told
    assert ", exit code 3\n" in told

    assert shelf.run(*ALL)[0] == 3
    told = added(page)
    assert told.startswith("### agentos: nothing to do: every item is finished\n")
    assert told.endswith("- No run, exit code 3\n\n")


def spiteful(asked: Asked) -> Reply:
    """Refuses one issue's draft with a text that is markup and tells the key."""
    if "catalogue as BibTeX" in asked.prompt:
        return refusals.invalid_request(f"<b>no</b> | {asked.secret} | @all")
    return author(asked)


def test_a_failure_is_told_as_text_and_without_the_key(shelf: Workspace, page: Path) -> None:
    titled = next((shelf.root / "issues").glob("057-*"))
    titled.write_text(f"# Do not leak {KEY}\n")
    with LoopbackServer(spiteful) as server:
        code, output = shelf.run(
            *ALL, *DRAFTER, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.base_url("openai")
        )
    assert code == 1, output
    told = added(page)
    assert "1 failed (LLD-42)" in told.splitlines()[0]
    assert "#### Why items failed\n\n- LLD-42: " in told
    assert "&#60;b&#62;no&#60;/b&#62; &#124; &#42;&#42;&#42; &#124; @&#8203;all" in told
    assert "| Do not leak &#42;&#42;&#42; |" in told
    assert KEY not in told
    assert " time | used |" in told
    assert "- failed: the reason stands above" in told
    assert ", exit code 1\n" in told


@pytest.mark.parametrize(
    ("limit", "answer", "advice"),
    [
        (("--max-tokens", "1000"), author, "to go on, give a higher limit"),
        ((), lambda _asked: refusals.bad_key(), "to go on, add a credential that works"),
    ],
    ids=["budget", "credentials"],
)
def test_a_run_out_of_means_says_what_to_do(
    shelf: Workspace, page: Path, limit: tuple[str, ...], answer: object, advice: str
) -> None:
    assert callable(answer)
    with LoopbackServer(answer) as server:
        code, output = shelf.run(
            *ALL, *DRAFTER, *limit, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.base_url("openai")
        )
    assert code == 4, output
    told = added(page)
    assert "3 interrupted" in told.splitlines()[0]
    assert f"- {advice}" in told
    assert ", exit code 4\n" in told


def test_a_page_that_takes_nothing_changes_no_exit_code(shelf: Workspace, page: Path) -> None:
    shelf.keep_issues("042")
    code, output = shelf.run(*ALL, GITHUB_STEP_SUMMARY=str(page.parent))
    assert code == 0, output
    [warning] = [line for line in output.splitlines() if "GITHUB_STEP_SUMMARY" in line]
    assert warning.endswith("to which no summary can be written: Is a directory")
