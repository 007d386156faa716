import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from command import wait_until
from processes import is_gone

from agentos.core.errors import EngineError
from agentos.core.systems import LINUX
from agentos.engines import child_process
from agentos.engines.child_process import ChildProcess, signals_blocked
from agentos.engines.words import Word

FORWARDED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

# Ends with its stdin, or of SIGUSR1, which is never held back.
PROGRAM = "import os, sys; os.write(1, b'ready'); sys.stdin.read()"


@contextmanager
def child(program: str = PROGRAM) -> Iterator[ChildProcess]:
    process, _ = ChildProcess.start((sys.executable, "-c", program), os.environ)
    try:
        yield process
    finally:
        if process.popen.returncode is None:
            process.popen.kill()
            process.popen.wait()
        process.close()
        os.close(process.events_fd)


@contextmanager
def ready_child() -> Iterator[ChildProcess]:
    with child() as process:
        assert os.read(process.output_fd, 5) == b"ready"
        yield process


def ends(process: ChildProcess) -> bool:
    """Whether it was neither stopped nor continued before its end."""
    return list(process.changes()) == [Word.ENDED]


class TestStart:
    def test_it_leads_a_session_of_its_own(self) -> None:
        with ready_child() as process:
            assert os.getsid(process.pid) == process.pid == os.getpgid(process.pid)

    def test_its_pipes_are_its_spec_its_output_and_its_events(self) -> None:
        program = """
import os, sys
words = sys.stdin.readline().split()
print(words[0], flush=True)
print(words[0], file=sys.stderr, flush=True)
os.write(int(words[1]), b"event")
assert not sys.stdin.read()
"""
        process, events_fd = ChildProcess.start((sys.executable, "-c", program), os.environ)
        process.tell(f"spec {events_fd}")
        assert os.read(process.events_fd, 100) == b"event"
        process.close()
        assert ends(process)
        assert process.popen.returncode == 0
        assert os.read(process.events_fd, 100) == b""
        os.close(process.events_fd)

    def test_our_own_ends_stay_with_us(self) -> None:
        """With a lifeline's write end, its own or a sibling's, no child would see the EOF."""
        program = "import os; print(sorted(map(int, os.listdir('/dev/fd'))))"
        with ready_child(), child(program) as process:
            assert ends(process)
            listed = set(map(int, os.read(process.output_fd, 1000).strip(b"[]\n").split(b",")))
            # stdin, stdout, stderr, the events pipe, and the listing itself
            assert len(listed) == 5
            assert {0, 1, 2} < listed

    def test_it_begins_with_our_signals_held_back(self) -> None:
        program = "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with child(program) as process:
            assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
            assert ends(process)
            assert os.read(process.output_fd, 10) == b"%d\n" % len(FORWARDED | before)

    def test_a_program_that_is_not_there(self) -> None:
        before = os.listdir("/dev/fd")
        with pytest.raises(EngineError) as caught:
            ChildProcess.start(("/no/such/program",), {})
        assert str(caught.value) == (
            "no child can be started: /no/such/program: No such file or directory"
        )
        assert "open files" in caught.value.hint
        assert len(os.listdir("/dev/fd")) == len(before)


class TestSignals:
    def test_they_are_held_back_and_let_through_again(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        with signals_blocked():
            assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before | FORWARDED
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before

    def test_one_reaches_the_child(self) -> None:
        with ready_child() as process:
            process.signal(signal.SIGUSR1)
            assert ends(process)
            assert process.popen.returncode == -signal.SIGUSR1

    def test_none_goes_to_a_process_that_is_gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with child("") as process:
            assert ends(process)
            monkeypatch.setattr(os, "kill", pytest.fail)  # the number may be another's by now
            process.signal(signal.SIGUSR1)

    def test_one_that_comes_too_late_is_no_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone(_pid: int, _signum: int) -> None:
            raise ProcessLookupError

        with ready_child() as process, monkeypatch.context() as patch:
            patch.setattr(os, "kill", gone)
            process.signal(signal.SIGUSR1)


@pytest.fixture(params=["as on Linux", "as elsewhere"])
def _on_either_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "LINUX", LINUX and request.param == "as on Linux")


@pytest.mark.usefixtures("_on_either_system")
class TestChanges:
    def test_stopped_and_continued_and_ended(self) -> None:
        with ready_child() as process:
            changes = process.changes()
            process.signal(signal.SIGSTOP)
            assert next(changes) is Word.STOPPED
            process.signal(signal.SIGCONT)
            assert next(changes) is Word.CONTINUED
            process.signal(signal.SIGKILL)
            assert list(changes) == [Word.ENDED]
            assert process.popen.returncode == -signal.SIGKILL

    def test_the_exit_code(self) -> None:
        with child("raise SystemExit(3)") as process:
            assert ends(process)
            assert process.popen.returncode == 3

    def test_its_group_ends_with_it_before_its_number_can_be_anothers(self) -> None:
        program = """
import os, signal
if os.fork() == 0:
    os.write(1, b"%d" % os.getpid())
    signal.pause()
assert os.read(0, 1) == b"x"
"""
        with child(program) as process:
            left = int(os.read(process.output_fd, 20))
            process.tell("x")
            assert ends(process)
            wait_until(lambda: is_gone(left), "what stayed in its group is gone")


def test_to_tell_a_child_that_is_gone_is_no_error() -> None:
    with child("") as process:
        assert ends(process)
        process.tell("the spec")


def test_the_end_of_the_lifeline_is_seen() -> None:
    process, _ = ChildProcess.start((sys.executable, "-c", PROGRAM), os.environ)
    process.close()
    assert ends(process)
    os.close(process.events_fd)


def test_a_status_that_somebody_else_took_is_an_error_and_its_number_no_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with child("") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED)
        with pytest.raises(EngineError, match="nobody knows how its process ended"):
            list(process.changes())
        monkeypatch.setattr(os, "kill", pytest.fail)
        process.signal(signal.SIGTERM)
