"""Items that fail for a reason which may pass, and runs in which too much fails."""

import json
import re
import signal
from pathlib import Path

import pytest
from command import Workspace, wait_until
from faults import patched

# A child of LLD-42 that dies in its draft as long as the file `deaths` counts down.
MORTAL = """
import os, signal, sys
from pathlib import Path
if 'agentos.child' in sys.orig_argv and '_42.db' in os.environ['AGENTOS_WORKFLOW_DB']:
    deaths = Path(__file__).with_name('deaths')
    left = int(deaths.read_text())
    deaths.write_text(str(left - 1))
    import agentos.models.embedded as embedded
    answer = embedded.EmbeddedModel.complete
    def complete(self, request, secret):
        if left > 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(self, request, secret)
    embedded.EmbeddedModel.complete = complete
"""
# A supervisor that finds no room for its item just after a Ctrl-C was passed on.
NO_ROOM_LEFT = """
import errno, os, signal, sys, threading
if 'agentos.child' not in sys.orig_argv:
    from agentos.engines.local import LocalEngine
    stopped = threading.Event()
    def run(engine, spec):
        os.kill(os.getpid(), signal.SIGINT)
        stopped.wait()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    LocalEngine.run = run
    LocalEngine.stop = lambda engine: stopped.set()
"""
NO_ROOM = "the machine has no room for it: Too many open files"

FAILED = "[LLD-42] FAILED: the child was ended by SIGKILL"


@pytest.fixture
def mortal(tmp_path: Path) -> Path:
    folder = tmp_path / "mortal"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(MORTAL)
    return folder


def deaths(mortal: Path, count: int) -> str:
    (mortal / "deaths").write_text(str(count))
    return str(mortal)


def attempts(shelf: Workspace) -> list[tuple[int, str]]:
    lines = (shelf.runs[-1] / "events.ndjson").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [(one["attempt"], one["error"]) for one in found if one["event"] == "attempt_failed"]


def test_a_killed_child_is_tried_again_and_goes_on_after_its_last_step(
    shelf: Workspace, mortal: Path
) -> None:
    shelf.keep_issues("042", "057")
    code, output = shelf.run("parallel", "lld", "--all", PYTHONPATH=deaths(mortal, 2))
    assert code == 0, output
    assert FAILED not in output
    told = re.findall(r"LLD-42\] attempt (\d of \d) failed: (.*); tries again in", output)
    assert told == [(n, "the child was ended by SIGKILL") for n in ("1 of 3", "2 of 3")]
    assert [number for number, _ in attempts(shelf)] == [1, 2]
    item = shelf.summary(shelf.runs[0])["items"]["LLD-42"]
    assert item["outcome"] == "approved"
    assert item["failed_attempts"] == ["the child was ended by SIGKILL"] * 2
    assert shelf.steps("step_restored")["LLD-42"].count("context") == 2
    shelf.assert_no_step_ran_twice()


def test_it_fails_when_no_attempt_is_left_and_is_taken_up_alone(
    shelf: Workspace, mortal: Path
) -> None:
    shelf.keep_issues("042", "057", "007")
    one_retry = ("--retries", "1")
    code, output = shelf.run("parallel", "lld", "--all", *one_retry, PYTHONPATH=deaths(mortal, 9))
    assert code == 1
    assert FAILED in output
    assert len(attempts(shelf)) == 1
    (shelf.root / "issues" / "088-new.md").write_text("# New\n\n## Objective\n\nAnything.\n")

    code, output = shelf.run("parallel", "lld", "--retry-failed", "--dry-run")
    assert code == 0
    assert "LLD-42" in output
    assert "LLD-88" not in output
    code, output = shelf.run("parallel", "lld", "--retry-failed")
    assert code == 0, output
    assert list(shelf.summary(shelf.runs[-1])["items"]) == ["LLD-42"]
    code, output = shelf.run("parallel", "lld", "--retry-failed")
    assert (code, output) == (0, "Nothing to do: nothing failed.\n")


def test_what_was_interrupted_when_it_was_tried_again_is_taken_up_with_what_failed(
    shelf: Workspace, mortal: Path
) -> None:
    shelf.keep_issues("042")
    again = ("parallel", "lld", "--retry-failed")
    shelf.run("parallel", "lld", "--all", "--retries", "0", PYTHONPATH=deaths(mortal, 1))
    running = shelf.start(*again, "--retries", "9", PYTHONPATH=deaths(mortal, 99))
    wait_until(lambda: "attempt 1 of 10" in running.text(), "it pauses")
    running.process.send_signal(signal.SIGINT)
    running.finish(patience=30)
    assert shelf.summary(shelf.runs[-1])["items"]["LLD-42"]["outcome"] == "interrupted"

    code, output = shelf.run(*again)
    assert code == 0, output
    assert "1 approved" in output


def test_what_would_repeat_is_not_tried_again(shelf: Workspace) -> None:
    shelf.keep_issues("042")
    next((shelf.root / "issues").glob("042*")).write_bytes(b"")
    code, _ = shelf.run("parallel", "lld", "--all")
    assert code == 1
    assert attempts(shelf) == []


def test_ctrl_c_ends_the_pause_before_the_next_attempt(shelf: Workspace, mortal: Path) -> None:
    shelf.keep_issues("042")
    running = shelf.start(
        "parallel", "lld", "--all", "--retries", "9", PYTHONPATH=deaths(mortal, 99)
    )
    wait_until(lambda: "attempt 3 of 10" in running.text(), "there is a pause of some seconds")
    running.process.send_signal(signal.SIGINT)
    code, output = running.finish(patience=30)
    assert code == -signal.SIGINT
    assert FAILED not in output
    assert shelf.summary(shelf.runs[0])["items"]["LLD-42"]["outcome"] == "interrupted"
    code, output = shelf.run("parallel", "lld", "--all")
    assert code == 0, output
    shelf.assert_no_step_ran_twice()


def test_after_ctrl_c_no_further_attempt_is_announced(shelf: Workspace, tmp_path: Path) -> None:
    shelf.keep_issues("042")
    code, output = shelf.run("parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, NO_ROOM_LEFT))
    assert code == -signal.SIGINT, output
    assert "tries again" not in output
    item = shelf.summary(shelf.runs[0])["items"]["LLD-42"]
    assert item["outcome"] == "interrupted"
    assert item["error"] == "stopped before the next attempt: " + NO_ROOM
    assert attempts(shelf) == []


def test_a_run_halts_when_too_much_fails(shelf: Workspace) -> None:
    shelf.keep_issues("007", "012", "042", "057")
    for number in ("007", "012"):
        next((shelf.root / "issues").glob(f"{number}*")).write_bytes(b"")
    code, output = shelf.run("parallel", "lld", "--all", "-qj", "1", "--halt", "soon,fail=2")
    assert code == 1
    assert "Nothing new starts: 2 of 4 failed, and this run halts at soon,fail=2" in output
    assert "2 failed (LLD-7, LLD-12), 2 interrupted (LLD-42, LLD-57)" in output


def test_what_is_no_rule_is_a_usage_error(shelf: Workspace) -> None:
    code, output = shelf.run("parallel", "lld", "--all", "--halt", "whenever")
    assert code == 2
    assert "'whenever' is no rule of the form now,fail=N or soon,fail=P%" in output


# A child that dies once it has moved its brief, before it has told anybody.
DIES_AFTER_THE_MOVE = """
import os, signal, sys
if 'agentos.child' in sys.orig_argv:
    from agentos.workflows.issue import workflow
    move = workflow.move_brief_to_done
    def move_and_die(project, brief, brief_id):
        moved = move(project, brief, brief_id)
        if brief != moved:
            os.kill(os.getpid(), signal.SIGKILL)
        return moved
    workflow.move_brief_to_done = move_and_die
"""


def test_a_brief_that_the_killed_child_had_moved_is_found_again(
    shelf: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DIES_AFTER_THE_MOVE)
    code, output = shelf.run("parallel", "issue", "csv-import", PYTHONPATH=str(tmp_path))
    assert code == 0, output
    assert [number for number, _ in attempts(shelf)] == [1]
    assert (shelf.root / "ideas/done/csv-import.md").exists()
    shelf.assert_no_step_ran_twice()
