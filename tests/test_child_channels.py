import io
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from command import wait_until
from processes import is_gone

from agentos import child_channels
from agentos.core.child_spec import ChildSpec, ItemSpec, LeaseAccess
from agentos.core.events import Notice, decode
from agentos.core.items import Item, Kind
from agentos.core.model_settings import ModelSettings
from agentos.core.paths import StatePaths
from agentos.core.shortage import NO_ROOM_EXIT_CODE
from agentos.core.systems import LINUX
from agentos.interruption import ParentGone
from agentos.workflows.journal import Journal, JournalIdentity

PATIENCE = 60  # seconds that nothing here takes


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_fd, write_fd = os.pipe()
    yield read_fd, write_fd
    for fd in (read_fd, write_fd):
        with suppress(OSError):
            os.close(fd)


class TestReadLine:
    def test_a_line_may_come_in_pieces(self, pipe: tuple[int, int]) -> None:
        read_fd, write_fd = pipe
        long = "x" * 1_000_000  # more than a pipe holds
        writer = threading.Thread(target=lambda: os.write(write_fd, f"{long}\n".encode()))
        writer.start()
        assert child_channels.read_line(read_fd) == f"{long}\n"
        writer.join()

    @pytest.mark.parametrize("begun", [b"", b'{"work":'])
    def test_a_writer_that_is_gone_has_said_nothing(
        self, pipe: tuple[int, int], begun: bytes
    ) -> None:
        read_fd, write_fd = pipe
        os.write(write_fd, begun)
        os.close(write_fd)
        assert child_channels.read_line(read_fd) is None


class TestEventWriter:
    def test_each_event_is_a_line_of_ascii_with_the_items_label(
        self, pipe: tuple[int, int]
    ) -> None:
        read_fd, write_fd = pipe
        emit = child_channels.event_writer(write_fd, "LLD-42")
        emit(Notice(text="one\ntwo \N{SNOWMAN}"))
        emit(Notice(item="LLD-1", text="three"))
        lines = os.read(read_fd, 1000).decode("ascii").splitlines()
        assert [decode(json.loads(line)) for line in lines] == [
            Notice(item="LLD-42", text="one\ntwo \N{SNOWMAN}"),
            Notice(item="LLD-42", text="three"),
        ]

    def test_what_a_child_starts_does_not_inherit_the_pipe(self, pipe: tuple[int, int]) -> None:
        _, write_fd = pipe
        os.set_inheritable(write_fd, True)
        child_channels.event_writer(write_fd, "LLD-42")
        assert not os.get_inheritable(write_fd)

    def test_threads_do_not_get_into_each_others_lines(self, pipe: tuple[int, int]) -> None:
        read_fd, write_fd = pipe
        emit = child_channels.event_writer(write_fd, "LLD-42")
        texts = [letter * 200_000 for letter in "abc"]  # each more than a pipe holds
        writers = [
            threading.Thread(target=emit, args=(Notice(text=text),), daemon=True) for text in texts
        ]
        for writer in writers:
            writer.start()
        with os.fdopen(os.dup(read_fd), encoding="ascii") as file:
            events = [decode(json.loads(file.readline())) for _ in texts]
        assert sorted(e.text for e in events if isinstance(e, Notice)) == texts
        for writer in writers:
            writer.join()

    def test_a_write_that_a_signal_cuts_short_is_gone_on_with(
        self, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read_fd, write_fd = pipe
        emit = child_channels.event_writer(write_fd, "LLD-42")
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
        emit(Notice(text="hello"))
        assert decode(json.loads(os.read(read_fd, 1000))) == Notice(item="LLD-42", text="hello")

    def test_a_parent_that_is_gone_is_no_error(self, pipe: tuple[int, int]) -> None:
        read_fd, write_fd = pipe
        emit = child_channels.event_writer(write_fd, "LLD-42")
        os.close(read_fd)
        emit(Notice(text="hello?"))


class TestSay:
    def test_a_line_goes_out_at_once(self, capfd: pytest.CaptureFixture[str]) -> None:
        child_channels.say("draft: 12 lines")
        assert capfd.readouterr().out == "draft: 12 lines\n"

    def test_nobody_has_to_listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Closed(io.StringIO):
            def flush(self) -> None:
                raise BrokenPipeError

        monkeypatch.setattr(sys, "stdout", Closed())
        child_channels.say("hello?")


LISTENER = """
import os, queue, signal, subprocess, sys
from agentos import child_channels
from agentos.interruption import ParentGone

lifeline = child_channels.take_stdin()
print(child_channels.read_line(lifeline), end="", flush=True)
nested = subprocess.run(["cat"], stdout=subprocess.PIPE, check=True)
print(nested.stdout, os.get_inheritable(lifeline), flush=True)
inbox = queue.SimpleQueue()
child_channels.watch_lifeline(lifeline, inbox, give_up=lambda: None)
print(os.getpid(), flush=True)
if sys.argv[1] == "stopped":
    os.kill(os.getpid(), signal.SIGSTOP)
assert inbox.get() == ParentGone()
"""

# Starts the listener, says what its pid is, and waits; the lifeline's write end is its own only.
PARENT = """
import signal, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], "stopped"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
child.stdin.write(b"spec\\n")
child.stdin.flush()
for _ in range(2):
    child.stdout.readline()
print(int(child.stdout.readline()), flush=True)
signal.pause()
"""


class TestLifeline:
    def test_only_its_end_is_a_word(
        self, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_channels, "continue_when_parent_dies", lambda: None)
        read_fd, write_fd = pipe
        inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        child_channels.watch_lifeline(read_fd, inbox, give_up=lambda: None)
        for _ in range(3):
            os.write(write_fd, b"still there\n")
            wait_until(lambda: not select.select([read_fd], [], [], 0)[0], "it is read")
        assert inbox.empty()
        os.close(write_fd)
        assert inbox.get(timeout=PATIENCE) == ParentGone()

    def test_its_end_is_a_word_and_what_a_child_starts_reads_nothing(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", LISTENER, "running"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as listener:
            assert listener.stdin is not None
            assert listener.stdout is not None
            listener.stdin.write(b"spec\n")
            listener.stdin.flush()
            assert listener.stdout.readline() == b"spec\n"
            assert listener.stdout.readline() == b"b'' False\n"
            assert int(listener.stdout.readline()) == listener.pid
            assert listener.poll() is None
            listener.stdin.write(b"what comes after the spec is no word\n")
            listener.stdin.close()
            assert listener.wait(PATIENCE) == 0

    @pytest.mark.skipif(not LINUX, reason="only Linux has a parent-death signal")
    def test_a_stopped_child_sees_it_too_when_its_parent_is_killed(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, LISTENER], stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            wait_until(lambda: child.status() == psutil.STATUS_STOPPED, "the child is stopped")
            parent.kill()
        wait_until(lambda: is_gone(child.pid), "the child is gone")


class Child:
    """A real `agentos.child` with our ends of its channels."""

    def __init__(self, folder: Path, program: Sequence[str] = ("-m", "agentos.child")) -> None:
        self._folder = folder
        self._events, write_fd = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.process = subprocess.Popen(
            [sys.executable, "-P", *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(write_fd,),
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            start_new_session=True,
        )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.close(write_fd)
        self._write_fd = write_fd

    def tell(self, source: str = "042-a-title.md") -> None:
        spec = ChildSpec(
            ItemSpec(
                Item(Kind.LLD, "42", "A title", self._folder / source),
                project=self._folder,
                state=self._folder / ".agentos",
                drafter=ModelSettings("embedded"),
                reviewer=ModelSettings("embedded"),
                rounds=3,
                grace=3600.0,
            ),
            LeaseAccess(str(self._folder / "nobody-listens-here"), b"key", ("token",)),
            self._write_fd,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(spec.to_json().encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str, list[dict[str, Any]]]:
        """Exit code, output and events; the lifeline holds until then."""
        with os.fdopen(self._events, encoding="ascii") as file:
            events = [json.loads(line) for line in file]
        assert self.process.stdout is not None
        output = self.process.stdout.read().decode()
        return self.process.wait(PATIENCE), output, events


# A child in which something of the machine's has run out.
FAULTY = """
import threading
import agentos.child, agentos.child_channels, agentos.item_runner
def fail(error):
    def fail(*_, **__):
        raise error
    return fail
{}
agentos.child.main()
"""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def real_child(folder: Path, *program: str) -> Iterator[Child]:
    child = Child(folder, program) if program else Child(folder)
    with child.process:
        try:
            yield child
        finally:
            child.process.kill()


class TestChild:
    def test_a_parent_that_dies_before_it_spoke_leaves_nothing_to_do(self, tmp_path: Path) -> None:
        with real_child(tmp_path) as child:
            assert child.process.stdin is not None
            child.process.stdin.close()
            assert child.end() == (1, "", [])
        assert list(tmp_path.iterdir()) == []

    def test_a_failed_item_is_a_report_and_an_exit_code(self, tmp_path: Path) -> None:
        with real_child(tmp_path) as child:
            child.tell("missing.md")
            code, output, [report] = child.end()
        assert (code, output) == (1, "")
        assert (report["event"], report["item"]) == ("reported", "LLD-42")
        assert report["outcome"] == "failed"
        assert report["error"] == "missing.md cannot be read: No such file or directory"

    def test_without_anyone_who_lends_it_is_interrupted(self, tmp_path: Path) -> None:
        (tmp_path / "042-a-title.md").write_text("# A title\n")
        with real_child(tmp_path) as child:
            child.tell()
            code, output, events = child.end()
        assert code == 0
        assert "the same command resumes" in output
        assert [event["step"] for event in events if event["event"] == "step_finished"] == [
            "load",
            "context",
        ]
        assert events[-1]["outcome"] == "interrupted"

    def test_a_journal_that_another_process_has_open_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "042-a-title.md").write_text("# A title\n")
        path = StatePaths(tmp_path / ".agentos").journal(Kind.LLD, "42")
        with (
            Journal.open(path, JournalIdentity("LLD-42", 1, "", ())),
            real_child(tmp_path) as child,
        ):
            child.tell()
            code, output, [report] = child.end()
        assert (code, output, report["outcome"]) == (1, "", "failed")
        assert "lld_workflow_42.db" in report["error"]

    def test_a_signal_from_before_it_was_ready_is_heeded(self, tmp_path: Path) -> None:
        with real_child(tmp_path) as child:
            child.process.send_signal(signal.SIGTERM)
            child.tell()
            code, output, [report] = child.end()
        assert (code, report["outcome"]) == (0, "interrupted")
        assert output == "stopped before the next step; the same command resumes\n"

    def test_who_cannot_say_its_last_lines_does_not_leave_well(self, tmp_path: Path) -> None:
        with real_child(tmp_path) as child:
            assert child.process.stdout is not None
            child.process.stdout.close()
            child.process.send_signal(signal.SIGTERM)
            child.tell()
            assert child.process.wait(PATIENCE) == 1
            os.close(child._events)

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            ("agentos.item_runner.run_item = fail(MemoryError)", "out of memory"),
            (
                'threading.Thread.start = fail(RuntimeError("can\'t start new thread"))',
                "can't start new thread",
            ),
        ],
    )
    def test_want_of_memory_or_threads_may_pass(
        self, tmp_path: Path, fault: str, told: str
    ) -> None:
        with real_child(tmp_path, "-c", FAULTY.format(fault)) as child:
            child.tell()
            code, output, [report] = child.end()
        assert (code, output, report["may_pass"]) == (1, "", True)
        assert report["error"] == f"the machine has no room for it: {told}"

    @pytest.mark.parametrize(
        "fault",
        [
            "agentos.child_channels.event_writer = fail(MemoryError)",
            "agentos.child_channels.event_writer = lambda *_: fail(MemoryError)",
            "agentos.child_channels.take_stdin = fail(OSError(24, 'Too many open files'))",
        ],
    )
    def test_even_where_there_is_no_room_for_a_report(self, tmp_path: Path, fault: str) -> None:
        with real_child(tmp_path, "-c", FAULTY.format(fault)) as child:
            child.tell()
            assert child.end() == (NO_ROOM_EXIT_CODE, "", [])

    def test_a_fault_of_our_own_is_told_and_its_traceback_logged(self, tmp_path: Path) -> None:
        with real_child(tmp_path) as child:
            child.tell("a\0b")
            code, output, [report] = child.end()
        assert code == 1
        assert report["error"].startswith("internal error: ValueError(")
        assert "Traceback" in output
