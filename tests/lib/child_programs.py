"""Children for the tests of the engine: each plays the child's side of the protocol its own way.

`python child_programs.py NAME` reads the spec from stdin and becomes the child of that name. The
signals that a parent sends arrive blocked, so that a child takes them, in turn, when it likes to.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

POKE = signal.SIGUSR1  # how a test tells a child to go on

COUNTED = 20_000
"""Lines of each that counts fast."""

CHECKPOINT_TAKES = 3  # seconds

GENERATIONS = 3000
"""Forks, one after the other, of one that forks quickly: some ten seconds."""

STUBBORN = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, POKE)


class Parent:
    """A child's way to its parent."""

    def __init__(self) -> None:
        self._fd: int = json.loads(sys.stdin.readline())["events_fd"]

    @property
    def events_fd(self) -> int:
        return self._fd

    def emit(self, event: str, **fields: object) -> None:
        os.write(self._fd, json.dumps({"event": event} | fields).encode() + b"\n")

    def tell(self, decision: str, reason: str = "") -> None:
        self.emit("decided", decision=decision, reason=reason)

    def begin(self, step: str) -> None:
        self.emit("step_started", step=step)

    def report(self, outcome: str, error: str = "") -> None:
        self.emit("reported", outcome=outcome, error=error)


def counted(journal: str, number: int) -> str:
    """A line of one that counts: lengths differ, so that no buffer is cut at a line's end."""
    return f"{Path(journal).name} {number} {'.' * (number % 97)}\n"


def wait_for(*signals: signal.Signals) -> signal.Signals:
    return signal.Signals(signal.sigwait(signals))


def wait_for_ever() -> NoReturn:
    while True:
        signal.pause()


def reports(parent: Parent) -> None:
    sys.stdout.write("to stdout\n")
    sys.stderr.write("to stderr\n")
    parent.begin("draft")
    parent.emit("step_finished", step="draft", seconds=0.5)
    parent.report("approved")


def beats(parent: Parent) -> None:
    """Once at each poke, three times, and says nothing else."""
    parent.begin("draft")
    for _ in range(3):
        wait_for(POKE)
        parent.emit("heartbeat")
    wait_for(POKE)
    parent.report("approved")


def takes_memory(parent: Parent) -> None:
    """As much as its second argument says, in bytes, before it reports."""
    parent.tell("memory", str(len(b"x" * int(sys.argv[2]))))
    parent.report("approved")


def stays_at_a_step(parent: Parent) -> None:
    parent.begin("draft")
    wait_for_ever()


def never_prints(parent: Parent) -> None:
    parent.begin("draft")
    parent.report("approved")


def exits_0_without_report(_parent: Parent) -> None:
    """Believes that it has done enough."""


def exits_without_report(_parent: Parent) -> None:
    sys.exit(3)


def reports_then_exits_1(parent: Parent) -> None:
    parent.report("approved")
    sys.exit(1)


def dies_of_segv(parent: Parent) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    parent.report("approved")
    os.kill(os.getpid(), signal.SIGSEGV)


def dies_of_sigkill(parent: Parent) -> None:
    parent.report("approved")
    os.kill(os.getpid(), signal.SIGKILL)


def speaks_for_others(parent: Parent) -> None:
    parent.emit("step_started", step="draft", item="LLD-1")
    parent.emit("item_finished", outcome="failed", seconds=0.0, item="LLD-1")
    parent.emit("reported", outcome="approved", error="key sk-0123456789", item="LLD-1")


def tells_its_surroundings(parent: Parent) -> None:
    parent.tell("journal", os.environ["AGENTOS_WORKFLOW_DB"])
    parent.tell("session", str(os.getsid(0) == os.getpid()))
    parent.tell("unbuffered", os.environ["PYTHONUNBUFFERED"])
    parent.tell("encoding", sys.stdout.encoding)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    parent.tell("blocked", str({signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= blocked))
    parent.report("approved")


def checkpoints_slowly(parent: Parent) -> None:
    parent.begin("draft")
    wait_for(signal.SIGINT)
    parent.tell("closing the journal")
    wait_for(POKE)
    parent.report("interrupted")


def checkpoints_for_3_s(parent: Parent) -> None:
    """Reports the signals that came before it was done."""
    parent.begin("draft")
    wait_for(signal.SIGINT)
    other = signal.sigtimedwait((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), CHECKPOINT_TAKES)
    peace = "3 s of peace" if other is None else signal.Signals(other.si_signo).name
    parent.report("interrupted", error=f"SIGINT and {peace}")


def ignores_int(parent: Parent) -> None:
    """Leaves at SIGTERM, and reports all the signals that came until then."""
    parent.begin("draft")
    got = []
    while signal.SIGTERM not in got:
        got.append(wait_for(*STUBBORN))
        parent.tell(got[-1].name)
    parent.report("interrupted", error=" ".join(signum.name for signum in got))


def ignores_int_and_term(parent: Parent) -> None:
    parent.begin("draft")
    while True:
        parent.tell(wait_for(*STUBBORN).name)


def reports_when_poked(parent: Parent) -> None:
    parent.begin("draft")
    wait_for(POKE)
    parent.report("approved")


def never_ends(parent: Parent) -> None:
    """Dies of SIGINT; tells of each poke."""
    parent.begin("draft")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    while True:
        parent.tell(wait_for(POKE).name)


def falls_silent(parent: Parent) -> None:
    """Its signals stay blocked."""
    parent.begin("draft")
    wait_for_ever()


def is_busy(parent: Parent) -> None:
    """The same, and it computes and writes all the time."""
    parent.begin("draft")
    while True:
        os.write(1, b"busy\n" * 100)


def stops_itself(parent: Parent) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    parent.report("approved")


def stops_itself_until_interrupted(parent: Parent) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    parent.report("interrupted", error=wait_for(signal.SIGINT).name)


def waits_for_a_lease(parent: Parent) -> None:
    parent.emit("lease_requested", provider="embedded")
    if wait_for(POKE, signal.SIGINT) is POKE:
        parent.emit("lease_granted", credential="embedded")
        parent.report("approved")
    else:
        parent.report("interrupted")


def goes_on_after_a_stop(parent: Parent) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
    never_ends(parent)


def goes_on_after_a_lease(parent: Parent) -> None:
    parent.emit("lease_requested", provider="embedded")
    wait_for(POKE)
    parent.emit("lease_granted", credential="embedded")
    never_ends(parent)


def spews(parent: Parent) -> None:
    line = "x" * 1023 + "\n"
    for number in range(2000):
        sys.stdout.write(line)
        parent.tell(str(number))
    sys.stdout.write("the last line")
    parent.report("approved")


def says(parent: Parent) -> None:
    """What its second argument holds, in hex, in one write."""
    os.write(1, bytes.fromhex(sys.argv[2]))
    parent.report("approved")


def counts_fast(parent: Parent) -> None:
    """Writes numbered lines as fast as it can, once it is poked."""
    parent.begin("draft")
    wait_for(POKE)
    for number in range(COUNTED):
        sys.stdout.write(counted(os.environ["AGENTOS_WORKFLOW_DB"], number))
    sys.stdout.flush()
    parent.report("approved")


def forks_and_leaves(parent: Parent) -> None:
    """Leaves a grandchild in a session of its own that keeps every pipe open."""
    ready, write_ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.write(write_ready, b"\n")
        wait_for_ever()
    os.read(ready, 1)
    parent.tell("grandchild", str(pid))
    parent.report("approved")


def leaves_one_that_hides(parent: Parent) -> None:
    """Leaves one that keeps the pipes open, too, and whose environment names no journal."""
    hidden = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.pause()"],
        stdin=subprocess.DEVNULL,
        env={},
        pass_fds=[parent.events_fd],
        start_new_session=True,
    )
    parent.tell("grandchild", str(hidden.pid))
    parent.report("approved")
    os._exit(0)  # without a look at its child


def has_a_helper_without_a_parent(parent: Parent) -> None:
    """One that it started through another, which is gone."""
    ready, write_ready = os.pipe()
    between = os.fork()
    if between == 0:
        helper = os.fork()
        if helper == 0:
            os.setsid()
            wait_for_ever()
        os.write(write_ready, str(helper).encode())
        os._exit(0)
    helper = int(os.read(ready, 20))
    os.waitpid(between, 0)
    parent.tell("helper", str(helper))
    wait_for(POKE)
    parent.report("approved")


def leaves_one_that_forks_quickly(parent: Parent) -> None:
    """It is somebody else every millisecond, each time in a session of its own."""
    if os.fork() == 0:
        for _ in range(GENERATIONS):  # not for ever, as below
            if os.fork() != 0:
                break
            os.setsid()
            time.sleep(0.001)
        os._exit(0)
    parent.report("approved")


def forks_quickly(parent: Parent) -> None:
    """Three of its descendants are somebody else at every moment: each forks and is gone."""
    for _ in range(3):
        if os.fork() == 0:
            _fork_on()
    parent.begin("draft")
    while True:
        wait_for(*STUBBORN)


def forks_quickly_elsewhere(parent: Parent) -> None:
    """The same, each of the three in a session of its own and with no descriptor of ours."""
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 1024)
            _fork_on()
    parent.begin("draft")
    while True:
        wait_for(*STUBBORN)


def _fork_on() -> NoReturn:
    """Not for ever: nobody may be able to end it."""
    for _ in range(GENERATIONS):
        if os.fork() != 0:
            break
        time.sleep(0.003)
    os._exit(0)


def ends_with_its_parent(parent: Parent) -> None:
    parent.tell("pid", str(os.getpid()))
    sys.stdin.read()


CHILDREN: Iterable[Callable[[Parent], None]] = (
    reports,
    never_prints,
    exits_0_without_report,
    exits_without_report,
    reports_then_exits_1,
    dies_of_segv,
    dies_of_sigkill,
    speaks_for_others,
    tells_its_surroundings,
    checkpoints_slowly,
    checkpoints_for_3_s,
    ignores_int,
    ignores_int_and_term,
    reports_when_poked,
    never_ends,
    falls_silent,
    is_busy,
    stops_itself,
    stops_itself_until_interrupted,
    waits_for_a_lease,
    goes_on_after_a_stop,
    goes_on_after_a_lease,
    spews,
    says,
    counts_fast,
    forks_and_leaves,
    leaves_one_that_hides,
    has_a_helper_without_a_parent,
    leaves_one_that_forks_quickly,
    forks_quickly,
    forks_quickly_elsewhere,
    ends_with_its_parent,
    beats,
    takes_memory,
    stays_at_a_step,
)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, (POKE,))
    {child.__name__: child for child in CHILDREN}[sys.argv[1]](Parent())
