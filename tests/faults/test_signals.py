"""Signals to the supervisor, at whatever instant and however it was started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import deeds
import psutil
import pytest
from command import PATIENCE, Workspace, still_running, wait_until
from faults import (
    ENDLESS,
    SLOW,
    assert_finishes,
    assert_resumes,
    outcomes,
    patched,
    wait_for_a_draft,
    wait_for_drafting,
)
from processes import is_gone
from shells import PROMPT, Shell
from terminal import Terminal

from agentos.credentials.answers import Lapsed
from agentos.workflows.parallel.pool_sentences import of_lapse

ALL = ("parallel", "lld", "--all")

# Children that never take the step of giving the blocked signals their handlers.
STUBBORN = """
import signal, sys
if 'agentos.child' in sys.orig_argv:
    signal.signal = signal.pthread_sigmask = lambda *_: None
"""

# Children that write down every SIGINT that comes to them. Two that come at once are one to Python,
# so the supervisor sends its own a second after it was told to.
NOTING = """
import os, signal, sys, time
if 'agentos.child' in sys.orig_argv:
    notes = os.path.join(os.path.dirname(__file__), f'{os.getpid()}.notes')
    install = signal.signal
    def noting(signum, handler):
        def note(number, frame):
            with open(notes, 'a') as file:
                file.write(signal.Signals(number).name + '\\n')
            handler(number, frame)
        return install(signum, note)
    signal.signal = noting
else:
    kill = os.kill
    def late(pid, signum):
        if signum == signal.SIGINT and pid != os.getpid():
            time.sleep(1)
        kill(pid, signum)
    os.kill = late
"""

# A supervisor that is sent SIGINT when it first imports MODULE.
AT_IMPORT = """
import os, signal, sys
class Trap:
    def find_spec(self, name, path=None, target=None):
        if name == 'MODULE' and 'agentos.child' not in sys.orig_argv:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Trap())
"""

# A supervisor that is sent SIGINT when it first calls NAME of MODULE.
AT_CALL = """
import os, signal, sys
if 'agentos.child' not in sys.orig_argv:
    import MODULE as module
    function = module.NAME
    def trap(*args, **kwargs):
        module.NAME = function
        os.kill(os.getpid(), signal.SIGINT)
        return function(*args, **kwargs)
    module.NAME = trap
"""

# Leases that lapse within 12 s, shorter than the pause below. Of that time one look may still count
# the half, and who waits for a key looks often.
SHORT_LEASES = """
import sys
if 'agentos.child' in sys.orig_argv:
    from agentos.workflows.parallel.lease_client import LeaseClient
    LeaseClient.__init__.__kwdefaults__['renewal'] = 1.0
else:
    from agentos.cli.batch import lending
    from agentos.credentials import silence
    from agentos.workflows.parallel.lease_server import LeaseServer
    lending.LEASE_TERM /= 5
    silence._LONGEST_LOOK /= 5
    LeaseServer.__init__.__kwdefaults__['patience'] = 0.5
"""


class TestCtrlC:
    def test_one_checkpoints_and_the_same_command_resumes(self, shelf: Workspace) -> None:
        shelf.keep_issues("007", "042", "057", "088", "128")
        running = shelf.start(*ALL, "-j", "5", **SLOW)
        wait_for_a_draft(shelf)
        children = running.wait_for_children(1)

        began = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        code, output = running.finish()

        assert time.monotonic() - began < 5 * 1.3
        assert code == -signal.SIGINT
        assert "[COORDINATOR] Shutting down... waiting for workers to checkpoint" in output
        assert still_running(children, after=0) == []
        assert shelf.summary(shelf.runs[0])["exit_code"] == 130
        assert_resumes(shelf, approved=4, thin=1)

    def test_two_do_not_wait_for_the_grace(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        running = shelf.start(*ALL, "--grace", "60", **ENDLESS)
        wait_for_drafting(shelf, "LLD-42")

        running.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Shutting down" in running.text(), "the first is heard")
        running.process.send_signal(signal.SIGINT)

        assert running.finish(patience=30)[0] == -signal.SIGINT
        assert_resumes(shelf, approved=1, thin=0)

    def test_three_kill_at_once(self, shelf: Workspace, tmp_path: Path) -> None:
        shelf.keep_issues("042")
        running = shelf.start(
            *ALL, "--grace", "60", PYTHONPATH=patched(tmp_path, STUBBORN), **ENDLESS
        )
        wait_for_drafting(shelf, "LLD-42")

        running.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Shutting down" in running.text(), "the first is heard")
        running.process.send_signal(signal.SIGINT)
        wait_until(lambda: "LLD-42 is still running" in running.text(), "the second is heard")
        running.process.send_signal(signal.SIGINT)
        code, output = running.finish(patience=30)

        assert code == -signal.SIGINT
        assert "LLD-42 does not end in step draft: SIGKILL" in output
        assert_resumes(shelf, approved=1, thin=0)

    def test_without_grace_it_is_over_at_once(self, shelf: Workspace) -> None:
        running = shelf.start(*ALL, "--grace", "0", **ENDLESS)
        running.wait_for_children(3)
        wait_until(lambda: len(shelf.journals) == 3, "all have begun")

        began = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        code, _ = running.finish()

        assert time.monotonic() - began < 2 * 1.3
        assert code == -signal.SIGINT

    @pytest.mark.parametrize("module", ["click", "agentos.workflows.parallel.lease_server"])
    def test_at_start_up(self, shelf: Workspace, tmp_path: Path, module: str) -> None:
        shelf.keep_issues("042")
        trap = patched(tmp_path, AT_IMPORT.replace("MODULE", module))

        code, output = shelf.run(*ALL, PYTHONPATH=trap)

        assert code == -signal.SIGINT, output
        assert "Traceback" not in output
        assert shelf.journals == []
        assert_finishes(shelf, approved=1)

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("agentos.cli.batch.run", "Batch"),
            ("agentos.engines.local", "SupervisedChild"),
            ("subprocess", "Popen"),
        ],
    )
    def test_before_and_during_a_spawn(
        self, shelf: Workspace, tmp_path: Path, module: str, name: str
    ) -> None:
        shelf.keep_issues("042", "057")
        trap = patched(tmp_path, AT_CALL.replace("MODULE", module).replace("NAME", name))

        code, output = shelf.run(*ALL, PYTHONPATH=trap, **ENDLESS)

        assert code == -signal.SIGINT, output
        assert "Traceback" not in output
        assert_finishes(shelf, approved=2)

    def test_during_the_summary(self, shelf: Workspace, tmp_path: Path) -> None:
        shelf.keep_issues("042")
        trap = AT_CALL.replace("MODULE", "agentos.cli.batch.run").replace("NAME", "summary_lines")

        code, output = shelf.run(*ALL, PYTHONPATH=patched(tmp_path, trap))

        assert code == -signal.SIGINT, output
        assert "Traceback" not in output
        assert outcomes(shelf) == {"approved": 1}
        assert shelf.run(*ALL)[0] == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_stop_as_kindly(shelf: Workspace, signum: signal.Signals) -> None:
    shelf.keep_issues("042", "057")
    running = shelf.start(*ALL, **ENDLESS)
    wait_for_drafting(shelf, "LLD-42", "LLD-57")

    running.process.send_signal(signum)
    code, output = running.finish()

    assert code == -signum
    assert "2 interrupted (LLD-42, LLD-57)" in output
    assert_resumes(shelf, approved=2, thin=0)


class TestTerminal:
    def test_ctrl_c_at_a_terminal_arrives_at_each_child_once(
        self, shelf: Workspace, tmp_path: Path
    ) -> None:
        shelf.keep_issues("042", "057")
        notes = patched(tmp_path, NOTING)
        with Terminal(ALL, shelf.root, ENDLESS | {"PYTHONPATH": notes}) as terminal:
            wait_for_drafting(shelf, "LLD-42", "LLD-57")
            terminal.interrupt()
            assert terminal.finish() == 130

        told = [path.read_text().split() for path in Path(notes).glob("*.notes")]
        assert [names.count("SIGINT") for names in told] == [1, 1]
        assert_resumes(shelf, approved=2, thin=0)

    def test_a_terminal_that_is_closed(self, shelf: Workspace) -> None:
        shelf.keep_issues("042", "057")
        with Terminal(ALL, shelf.root, ENDLESS) as terminal:
            wait_for_drafting(shelf, "LLD-42", "LLD-57")
            assert terminal.hang_up() == 128 + signal.SIGHUP

        assert shelf.summary(shelf.runs[0])["exit_code"] == 128 + signal.SIGHUP
        assert_resumes(shelf, approved=2, thin=0)


class TestCtrlZ:
    def test_children_stand_still_until_fg(self, shelf: Workspace) -> None:
        shelf.keep_issues("042", "057")
        with shell(shelf, AGENTOS_EMBEDDED_LATENCY="3") as bash:
            paused_run(bash, shelf)

            bash.enter("fg; echo code $?")
            bash.wait_until(lambda: "code 0" in bash.screen)

        assert "2 approved" in bash.screen
        shelf.assert_no_step_ran_twice()

    def test_no_limit_has_run_out_after_a_pause_that_was_longer(
        self, shelf: Workspace, own_home: Path, tmp_path: Path
    ) -> None:
        """Not for the item whose model is asked, nor its lease, for which the other one waits."""
        shelf.keep_issues("042", "057")
        config = own_home / "config/agentos"
        config.mkdir(parents=True)
        (config / "credentials.toml").write_text(ONE_KEY)
        go_on = tmp_path / "go-on"
        environ = deeds.doing(deeds.wait_for_the_place, tmp_path, place=go_on, besides=SHORT_LEASES)
        limits = f"--timeout {LIMIT} --idle-timeout {LIMIT} --retries 0"
        with shell(shelf, TOY_KEY="made-up-and-worth-nothing", **environ) as bash:
            start_run(bash, shelf, limits)
            wait_until(lambda: leases(shelf) == (1, 2), "one calls and the other waits")
            pause(bash)
            time.sleep(LIMIT + 2)
            go_on.touch()  # so that the call ends some time after the pause
            bash.enter("fg; echo code $?")
            bash.wait_until(lambda: "code 0" in bash.screen)

        assert "2 approved" in bash.screen
        for label in ("LLD-42", "LLD-57"):
            assert of_lapse(Lapsed(label, "toy")) not in bash.screen
        assert leases(shelf) == (4, 4)
        shelf.assert_no_step_ran_twice()

    def test_ctrl_c_after_fg(self, shelf: Workspace) -> None:
        shelf.keep_issues("042", "057")
        with shell(shelf, **ENDLESS) as bash:
            paused_run(bash, shelf)
            bash.enter("fg")
            bash.wait_until(lambda: COMMAND in bash.screen)
            bash.press("\x03")
            bash.wait_until(lambda: PROMPT in bash.screen)
            bash.enter("echo code $?")
            bash.wait_until(lambda: "code 130" in bash.screen)

        assert_resumes(shelf, approved=2, thin=0)

    def test_the_supervisor_is_killed_while_its_children_are_stopped(
        self, shelf: Workspace
    ) -> None:
        shelf.keep_issues("042", "057")
        with shell(shelf, **ENDLESS) as bash:
            supervisor, children = paused_run(bash, shelf)
            supervisor.kill()
            assert still_running([supervisor, *children], after=2 * 1.3) == []

        assert_resumes(shelf, approved=2, thin=0)

    def test_where_nobody_could_say_go_on_nothing_stops(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        running = shelf.start(*ALL, **SLOW)  # in a session of its own, without a shell
        wait_for_drafting(shelf, "LLD-42")
        running.process.send_signal(signal.SIGTSTP)
        assert running.finish()[0] == 0


LIMIT = 13
"""Seconds: more than the run takes without its pause."""

ONE_KEY = """
[[credential]]
name = "toy"
env = "TOY_KEY"
max_concurrent = 1
"""

COMMAND = " ".join(["-m agentos", *ALL])


def shell(shelf: Workspace, **environ: str) -> Shell:
    """An interactive bash, which has job control."""
    argv = ["bash", "--norc", "--noprofile", "-i"]
    return Shell(argv, os.environ | {"PS1": PROMPT, "TERM": "dumb"} | environ, shelf.root)


def paused_run(bash: Shell, shelf: Workspace) -> tuple[psutil.Process, list[psutil.Process]]:
    """Start a run of two items and type Ctrl-Z; gives the supervisor and its stopped children."""
    start_run(bash, shelf)
    return pause(bash)


def start_run(bash: Shell, shelf: Workspace, options: str = "") -> None:
    """Return when both of its items are drafted."""
    bash.enter(f"{sys.executable} {COMMAND} {options}")
    wait_for_drafting(shelf, "LLD-42", "LLD-57")


def pause(bash: Shell) -> tuple[psutil.Process, list[psutil.Process]]:
    """Type Ctrl-Z; gives the supervisor and its children once all of them are stopped."""
    [supervisor] = bash.children()
    children = supervisor.children()
    assert len(children) == 2
    bash.press("\x1a")
    bash.wait_until(lambda: "Stopped" in bash.screen)
    run = [supervisor, *children]
    # Who was sent SIGSTOP stands still when it would have had its turn next.
    wait_until(
        lambda: {one.status() for one in run} == {psutil.STATUS_STOPPED}, "all of it stands still"
    )
    return supervisor, children


def leases(shelf: Workspace) -> tuple[int, int]:
    """How many the run was granted so far, and how many it asked for."""
    told = [event["event"] for event in shelf.events(shelf.runs[0])]
    return told.count("lease_granted"), told.count("lease_requested")


class TestIgnored:
    def test_sigint_on_purpose_reaches_a_run_that_a_script_put_behind(
        self, shelf: Workspace
    ) -> None:
        shelf.keep_issues("042")
        script = f"'{sys.executable}' -m agentos parallel lld --all & wait $!"
        with subprocess.Popen(
            ["/bin/sh", "-c", script],
            cwd=shelf.root,
            env=os.environ | ENDLESS,
            stdout=subprocess.DEVNULL,
        ) as sh:
            wait_for_drafting(shelf, "LLD-42")
            [supervisor] = psutil.Process(sh.pid).children()
            supervisor.send_signal(signal.SIGINT)
            assert sh.wait(30) == 130
        assert is_gone(supervisor.pid)
        assert_resumes(shelf, approved=1, thin=0)

    def test_a_program_that_does_not_care_for_children_starts_a_run(self, shelf: Workspace) -> None:
        """It ignores SIGCHLD: the system then takes the status of each child itself."""
        shelf.keep_issues("042", "057")
        program = (
            "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
            "os.execv(sys.executable, [sys.executable, '-m', 'agentos', *sys.argv[1:]])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, *ALL],
            cwd=shelf.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "2 approved" in done.stdout

    def test_sighup_stays_ignored_under_nohup(self, shelf: Workspace) -> None:
        shelf.keep_issues("042")
        with subprocess.Popen(
            ["nohup", sys.executable, "-m", "agentos", *ALL],
            cwd=shelf.root,
            env=os.environ | SLOW,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as run:
            wait_for_drafting(shelf, "LLD-42")
            run.send_signal(signal.SIGHUP)
            output, _ = run.communicate(timeout=60)
        assert run.returncode == 0
        assert "Shutting down" not in output
