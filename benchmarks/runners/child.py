"""The children: `python -m benchmarks.runners.child PROGRAM NUMBER OF FOLDER`, under any runner.

FOLDER is where a child leaves its traces. Under agentos it plays a child's part: it finds the spec
on stdin, leaves when stdin ends, which is the lifeline, and reports. Others lend it no such thing.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CHECKPOINT_TAKES = 3.0  # seconds
LINES = 20_000
LONG_LINE = 200  # MB

STRANGE = b"a\0b caf\xe9\n"
"""A NUL byte, and what is no UTF-8."""

TITLE, CLIPBOARD = b"\x1b]0;a title\x07", b"\x1b]52;c;cm0gLXJmIH4=\x1b\\"
"""Escape sequences by which a program sets them, if a terminal obeys."""

_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

MARK = "AGENTOS_COMPARED_RUN"
"""In the environment of the runner and all that it starts: its folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which of how many children this is, and the folder that they share."""

    number: int
    count: int
    folder: Path

    def leave(self, trace: str) -> None:
        """Let the comparison, and the other children, see how far this one is."""
        (self.folder / f"{trace}-{self.number}").touch()

    def await_all(self, trace: str) -> None:
        """Until every child has left that: honcho ends the others when the first one leaves."""
        self.leave(trace)
        while len(list(self.folder.glob(f"{trace}-*"))) < self.count:
            time.sleep(0.01)


def line_of(number: int, line: int) -> str:
    """What a fast writer writes."""
    return f"writer {number} line {line} {'.' * (line % 97)}"


def checkpoints(place: Place) -> None:
    """Asked to end, takes its time, leaves a checkpoint, and says so."""
    asked = _until_asked()
    _say("at work\n")
    place.leave("at-work")
    while not asked:
        time.sleep(0.01)
    began = time.monotonic()
    while time.monotonic() < began + CHECKPOINT_TAKES:  # a further signal does not cut it short
        time.sleep(0.1)
    place.leave("checkpoint")
    _say("the last line\n")


def talks_and_checkpoints(place: Place) -> None:
    """Prints all the time; asked to end, leaves a checkpoint."""
    asked = _until_asked()
    place.leave("at-work")
    while not asked:
        try:
            _say("still talking\n")
        except OSError:
            place.leave("broken-pipe")
            return
        time.sleep(0.02)
    place.leave("checkpoint")


def ignores(place: Place) -> None:
    """SIGINT, SIGTERM and SIGHUP."""
    for signum in _ASKING:
        signal.signal(signum, signal.SIG_IGN)
    place.leave("at-work")
    while True:
        time.sleep(1)


def leaves_a_grandchild(place: Place) -> None:
    """That holds the pipe for five minutes."""
    subprocess.Popen(("/bin/sleep", "300"), stdin=subprocess.DEVNULL)
    place.leave("at-work")
    _say("leaving\n")


def works(place: Place) -> None:
    """Until it is killed; it does not look whether anybody still wants its work."""
    place.leave("at-work")
    while True:
        time.sleep(1)


def says_a_long_line(_place: Place) -> None:
    """Ended by a newline."""
    for _ in range(LONG_LINE):
        _say("x" * 1_000_000)
    _say("\n")


def says_no_newline(place: Place) -> None:
    """At the end of what it says."""
    _say(f"first of {place.number}\nlast of {place.number}")
    place.await_all("said")


def writes_fast(place: Place) -> None:
    """All at once."""
    place.await_all("ready")
    for line in range(LINES):
        sys.stdout.write(line_of(place.number, line) + "\n")
    sys.stdout.flush()
    place.await_all("written")


def fails(place: Place) -> None:
    """The second one, with 3."""
    place.await_all("ready")
    if place.number == 2:
        sys.exit(3)


def dies(place: Place) -> None:
    """The second one, by SIGSEGV."""
    place.await_all("ready")
    if place.number == 2:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), signal.SIGSEGV)


def says_strange_bytes(_place: Place) -> None:
    """And a sequence for the terminal's title, and one for its clipboard."""
    _write(STRANGE)
    _write(TITLE + CLIPBOARD + b"text\n")


PROGRAMS: dict[str, Callable[[Place], None]] = {
    program.__name__: program
    for program in (
        checkpoints,
        talks_and_checkpoints,
        ignores,
        leaves_a_grandchild,
        works,
        says_a_long_line,
        says_no_newline,
        writes_fast,
        fails,
        dies,
        says_strange_bytes,
    )
}


def _until_asked() -> list[int]:
    """A list that gets the signals which ask this process to end."""
    asked: list[int] = []

    def ask(signum: int, _frame: FrameType | None) -> None:
        asked.append(signum)

    for signum in _ASKING:
        signal.signal(signum, ask)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKING)
    return asked


def _hold_lifeline() -> None:
    while sys.stdin.read(1):
        pass
    os._exit(1)


def _say(text: str) -> None:
    _write(text.encode())


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def main(arguments: list[str]) -> None:
    """Play the program that is named."""
    program, number, count, folder = arguments
    under_agentos = number == "agentos"
    if under_agentos:  # each child has its number from its item
        spec = json.loads(sys.stdin.readline())
        threading.Thread(target=_hold_lifeline, daemon=True).start()
        number = Path(os.environ["AGENTOS_WORKFLOW_DB"]).stem.rpartition("_")[2]
    PROGRAMS[program](Place(int(number), int(count), Path(folder)))
    if under_agentos:
        event = {"event": "reported", "outcome": "approved", "error": ""}
        os.write(spec["events_fd"], json.dumps(event).encode() + b"\n")
        os._exit(0)  # the lifeline's thread holds stdin


if __name__ == "__main__":
    main(sys.argv[1:])
