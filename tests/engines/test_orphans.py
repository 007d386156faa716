import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from command import wait_until
from processes import is_gone

from agentos.core.paths import GUARDIAN_VARIABLE, JOURNAL_VARIABLE
from agentos.core.systems import LINUX
from agentos.engines import orphans, parenthood
from agentos.engines.orphans import Orphans
from agentos.process_tree import until_nothing_is_left

pytestmark = pytest.mark.skipif(not LINUX, reason="this system has no child subreapers")

JOURNAL = Path("/state/checkpoints/lld_workflow_42.db")

# A parent that is gone as soon as it has started one in a session of its own.
PROGRAM = """
import os, subprocess, sys
child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
os._exit(0)
"""

Orphan = Callable[..., psutil.Process]


@pytest.fixture
def orphan() -> Iterator[Orphan]:
    """Gives one that this process has just adopted."""
    parenthood.become_subreaper()
    with ExitStack() as stack:

        def make(environment: Mapping[str, str] = {}) -> psutil.Process:
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM],
                stdout=subprocess.PIPE,
                env={"PATH": os.environ["PATH"]} | dict(environment),
                check=True,
            )
            made = psutil.Process(int(done.stdout))
            stack.callback(_end, made)
            return made

        yield make
    parenthood._prctl(parenthood._PR_SET_CHILD_SUBREAPER, 0)


def _end(process: psutil.Process) -> None:
    if process.is_running():
        process.kill()
        with suppress(ChildProcessError):
            os.waitpid(process.pid, 0)


def end_all(known: Orphans, *journals: Path) -> None:
    """Until it finds none twice in a row; one that has just begun is looked at again."""
    until_nothing_is_left(lambda: known.end(children=(), journals=journals))


def test_one_that_hides_is_ended_and_its_status_taken(orphan: Orphan) -> None:
    known = Orphans()
    hidden = orphan()
    assert known.end(children=(), journals=())
    end_all(known)
    assert not psutil.pid_exists(hidden.pid)


@pytest.mark.parametrize("folder", [b"/state", b"/caf\xe9"])
def test_who_names_a_journal_is_spared_while_its_child_runs(orphan: Orphan, folder: bytes) -> None:
    known = Orphans()
    journal = Path(os.fsdecode(folder), "lld_workflow_42.db")
    helper = orphan({JOURNAL_VARIABLE: str(journal)})
    end_all(known, journal)
    assert not is_gone(helper.pid)
    end_all(known, journal.with_name("lld_workflow_4.db"))
    assert is_gone(helper.pid)


def test_a_guardian_ends_by_itself(orphan: Orphan) -> None:
    known = Orphans()
    guardian = orphan({GUARDIAN_VARIABLE: "1"})
    end_all(known)
    assert not is_gone(guardian.pid)
    guardian.kill()
    wait_until(lambda: is_gone(guardian.pid), "it is dead")
    end_all(known)
    assert not psutil.pid_exists(guardian.pid)


def test_who_was_there_before_is_no_business_of_ours(orphan: Orphan) -> None:
    orphan()
    assert not Orphans().end(children=(), journals=())


def test_our_own_are_waited_for_by_others() -> None:
    known = Orphans()
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    with (
        subprocess.Popen(["sleep", "600"], start_new_session=True) as child,
        subprocess.Popen(ends) as in_our_session,
        subprocess.Popen(ends, start_new_session=True) as ended_child,
    ):
        wait_until(lambda: is_gone(in_our_session.pid), "it has ended")
        wait_until(lambda: is_gone(ended_child.pid), "it has ended")
        assert not known.end(children=[child.pid, ended_child.pid], journals=())
        assert in_our_session.wait() == ended_child.wait() == 3
        assert child.poll() is None
        child.kill()


def test_the_first_process_of_a_container_adopts_others_too(
    orphan: Orphan, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Orphans()
    others = orphan()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: 1)
        assert not known.end(children=(), journals=())
    assert not is_gone(others.pid)


def test_who_is_out_of_reach_is_left(orphan: Orphan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signum: int) -> None:
        raise PermissionError

    known = Orphans()
    root = orphan()
    with monkeypatch.context() as patch:
        patch.setattr(os, "kill", refuse)
        end_all(known)
    assert not is_gone(root.pid)


def test_a_kernel_that_lists_no_children(orphan: Orphan, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Orphans()
    hidden = orphan()
    listdir = os.listdir
    monkeypatch.setattr(
        os, "listdir", lambda path: ["0"] if str(path) == "/proc/self/task" else listdir(path)
    )
    end_all(known)
    assert is_gone(hidden.pid)


def test_elsewhere_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "LINUX", False)
    monkeypatch.setattr(orphans, "_our_children", pytest.fail)
    assert not Orphans().end(children=(), journals=())
