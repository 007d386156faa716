"""A machine that has no room: what cannot be started fails or waits, and what can runs."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import child_programs
import pytest
import small_parent
from command import Workspace
from faults import assert_finishes, most_at_once, patched
from nobody import AS_NOBODY, needs_setpriv, without_coverage
from stage import Stage

from agentos.core.errors import EngineError
from agentos.core.outcomes import Outcome

# A supervisor whose user may have no further process while it first starts a child.
WITHOUT_PROCESSES = """
import resource, sys
if 'agentos.child' not in sys.orig_argv:
    from agentos.engines.child_process import ChildProcess
    start = ChildProcess.start
    def start_without_room(*arguments):
        ChildProcess.start = start
        allowed = resource.getrlimit(resource.RLIMIT_NPROC)
        resource.setrlimit(resource.RLIMIT_NPROC, (1, allowed[1]))
        try:
            return start(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_NPROC, allowed)
    ChildProcess.start = start_without_room
"""

# A supervisor on a machine that has less memory left than one child needs.
LITTLE_MEMORY = """
import sys
if 'agentos.child' not in sys.orig_argv:
    import psutil
    memory = psutil.virtual_memory
    psutil.virtual_memory = lambda: memory()._replace(available=100 * 1024 * 1024)
"""

# A supervisor that cannot look at the memory beside its first child.
CANNOT_LOOK = """
import errno, os, sys
if 'agentos.child' not in sys.orig_argv:
    import psutil
    memory, looks = psutil.virtual_memory, []
    def virtual_memory():
        looks.append(True)
        if len(looks) == 2:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return memory()
    psutil.virtual_memory = virtual_memory
"""

# A supervisor that has no thread for any item.
WITHOUT_SLOTS = """
import sys, threading
if 'agentos.child' not in sys.orig_argv:
    from agentos.workflows.parallel import coordinator
    coordinator._ASKED_AGAIN = 0.01
    start = threading.Thread.start
    def start_without_room(thread):
        if thread.name.startswith("slot-"):
            raise RuntimeError("can't start new thread")
        start(thread)
    threading.Thread.start = start_without_room
"""

# A supervisor whose own work for an item meets something that ran out, once at each place.
WITHOUT_MEMORY = """
import errno, os, sys
if 'agentos.child' not in sys.orig_argv:
    from agentos.cli.batch.lending import Lending
    from agentos.engines.local import LocalEngine
    def once(cls, name, error):
        whole = getattr(cls, name)
        def fail(*arguments):
            setattr(cls, name, whole)
            raise error
        setattr(cls, name, fail)
    once(Lending, "access", MemoryError())
    once(LocalEngine, "run", OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
"""

# A child that has no thread of one kind.
WITHOUT_A_THREAD = """
import sys, threading
if 'agentos.child' in sys.orig_argv:
    start = threading.Thread.start
    def start_without_room(thread):
        if thread.name == {!r}:
            raise RuntimeError("can't start new thread")
        start(thread)
    threading.Thread.start = start_without_room
"""


def told_by_nobody(folder: Path, program: str) -> list[str]:
    """What a small parent says, line by line, that runs as an unprivileged user."""
    done = subprocess.run(
        [*AS_NOBODY, *small_parent.command(folder, program)],
        cwd="/",
        env=without_coverage(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


class TestNoChildCanBeStarted:
    def test_without_an_interpreter(self, shelf: Workspace, tmp_path: Path) -> None:
        shelf.keep_issues("042")
        fault = (
            "import agentos.engines.child_process as child\n"
            "child.CHILD_COMMAND = ('/nonexistent/python',)\n"
        )

        code, output = shelf.run("parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, fault))

        assert code == 1
        assert "[LLD-42] FAILED: no child can be started: /nonexistent/python" in output
        assert_finishes(shelf, approved=1)

    def test_and_the_engine_is_as_before(self, tmp_path: Path) -> None:
        stage = Stage(tmp_path, child_programs.reports)
        command, stage.engine._command = stage.engine._command, (str(tmp_path / "missing"),)
        with pytest.raises(EngineError, match="missing: No such file"):
            stage.engine.run(stage.spec)
        stage.engine._command = command
        assert stage.run().verdict().outcome is Outcome.APPROVED

    @needs_setpriv
    def test_where_the_user_has_no_process_left(self, tmp_path: Path) -> None:
        busy, then = told_by_nobody(tmp_path, "without_processes")
        assert busy.startswith("EngineBusy: no child can be started: ")
        assert busy.endswith("Resource temporarily unavailable")  # EAGAIN
        assert then == "approved"

    @needs_setpriv
    def test_nor_a_thread_for_it(self, tmp_path: Path) -> None:
        busy, then = told_by_nobody(tmp_path, "without_threads")
        assert busy == "EngineBusy: no child can be watched: can't start new thread"
        assert then == "approved"

    @needs_setpriv
    def test_it_is_tried_again_once_there_is_room(self, shelf: Workspace, tmp_path: Path) -> None:
        shelf.keep_issues("042")
        environ = without_coverage() | {"PYTHONPATH": patched(tmp_path, WITHOUT_PROCESSES)}
        with copy_of_nobody(shelf.root) as root:
            done = subprocess.run(
                [*AS_NOBODY, sys.executable, "-m", "agentos", "parallel", "lld", "--all"],
                cwd=root,
                env=environ | {"AGENTOS_HOME": str(root / "home")},
                capture_output=True,
                text=True,
                check=False,
            )

        assert done.returncode == 0, done
        assert "LLD-42] attempt 1 of 3 failed: no child can be started: " in done.stdout
        assert "Resource temporarily unavailable; tries again in" in done.stdout  # EAGAIN
        assert "1 approved" in done.stdout

    def test_nor_is_it_final_where_the_supervisor_itself_has_no_room(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        shelf.keep_issues("042")

        code, output = shelf.run(
            "parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, WITHOUT_MEMORY)
        )

        assert code == 0, output
        told = "of 3 failed: the machine has no room for it: "
        assert f"LLD-42] attempt 1 {told}out of memory; tries again in" in output
        assert f"LLD-42] attempt 2 {told}Too many open files; tries again in" in output

    @pytest.mark.parametrize("name", ["lifeline", "call", "lease-renewal"])
    def test_nor_where_a_child_gets_no_thread(
        self, shelf: Workspace, tmp_path: Path, name: str
    ) -> None:
        shelf.keep_issues("042")

        code, output = shelf.run(
            *("parallel", "lld", "--all", "--retries", "1"),
            PYTHONPATH=patched(tmp_path, WITHOUT_A_THREAD.format(name)),
        )

        told = "the machine has no room for it: can't start new thread"
        assert code == 1
        assert f"LLD-42] attempt 1 of 2 failed: {told}; tries again in" in output
        assert f"[LLD-42] FAILED: {told}" in output
        assert "Traceback" not in output

    def test_what_got_no_thread_has_failed_and_is_done_later(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        shelf.keep_issues("042")

        code, output = shelf.run(
            "parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, WITHOUT_SLOTS)
        )

        assert code == 1
        told = "the machine has no room for it: can't start new thread"
        assert f"[COORDINATOR] No item starts: {told}" in output
        assert f"[LLD-42] FAILED: {told}" in output
        [end] = [one for one in shelf.events(shelf.runs[0]) if one["event"] == "item_finished"]
        assert (end["outcome"], end["error"]) == ("failed", told)
        assert_finishes(shelf, approved=1)


@contextlib.contextmanager
def copy_of_nobody(project: Path) -> Iterator[Path]:
    """The project in a folder of the user `nobody`; those of pytest are for root alone."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        shutil.copytree(project, root)
        for path in [root.parent, root, *root.rglob("*")]:
            shutil.chown(path, "nobody", "nogroup")
        yield root


def test_with_little_memory_one_runs_at_a_time_and_that_is_said(
    shelf: Workspace, tmp_path: Path
) -> None:
    shelf.keep_issues("042", "057", "088")

    code, output = shelf.run(
        "parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, LITTLE_MEMORY)
    )

    assert code == 0, output
    [why] = [line for line in output.splitlines() if "No item starts" in line]
    assert "that run: a process takes up to 96 MiB, those that run may grow by " in why
    assert why.endswith("MiB, 128 MiB stay free for others, and 100 MiB of memory are left")
    told = [event["event"] for event in shelf.events(shelf.runs[0])]
    lives = [event for event in told if event in {"child_started", "item_finished"}]
    assert lives == ["child_started", "item_finished"] * 3


def test_without_a_descriptor_to_look_at_the_memory_fewer_run(
    shelf: Workspace, tmp_path: Path
) -> None:
    shelf.keep_issues("042", "057", "101")
    code, output = shelf.run("parallel", "lld", "--all", PYTHONPATH=patched(tmp_path, CANNOT_LOOK))

    assert code == 0, output
    assert "what the machine has left cannot be told: Too many open files" in output
    assert "3 approved" in output
    assert "There is room again" in output


def test_with_64_descriptors_fewer_run_and_that_is_said(shelf: Workspace) -> None:
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            'ulimit -n 64; exec "$@"',
            "sh",
            *(sys.executable, "-m", "agentos", "parallel", "lld", "--all", "-j", "10"),
        ],
        cwd=shelf.root,
        env=os.environ | {"AGENTOS_EMBEDDED_LATENCY": "0.3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stdout
    assert "11 approved, 3 need revision" in done.stdout
    assert "that run: each takes up to 10 open files, and 64 are allowed at once" in done.stdout
    assert 1 < most_at_once(shelf, shelf.runs[0]) < 10
    shelf.assert_no_step_ran_twice()


@pytest.mark.parametrize("allowed", [6, 7, 8])
def test_with_hardly_a_descriptor_there_is_a_sentence(shelf: Workspace, allowed: int) -> None:
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'ulimit -n {allowed}; exec "$@"',
            "sh",
            *(sys.executable, "-m", "agentos", "parallel", "lld", "--all"),
        ],
        cwd=shelf.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert "Too many open files" in done.stderr
    assert "Traceback" not in done.stderr
