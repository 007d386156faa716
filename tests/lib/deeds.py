"""The installed command with children that do something more: a deed, in a model call.

`doing(deed, folder)` gives the environment for the command. Its children run this module through a
sitecustomize on PYTHONPATH, and do the deed before the embedded model gives an answer: the first,
with the step `context` in the journal and `draft` about to be, or a later one.
"""

import errno
import itertools
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

LONG_LINE = 200 * 1000 * 1000
"""Bytes."""

NUMBERED = 4000
"""Lines of 1 KiB: more than the console keeps for a reader that does not read."""

TOGETHER = 10
"""Children that write at once."""

SEEN_AT_WORK = 1.0
"""Seconds for which a call that was held up goes on."""

LONG_ANSWER = 13.0
"""Seconds: longer than the least that `--idle-timeout` takes."""

PLACE = "AGENTOS_TESTS_PLACE"
"""The folder that a deed is about."""

JUMP = "AGENTOS_TESTS_JUMP"
"""What the clock is set to, for libfaketime."""

_IN_EVERY_PROCESS = """
import os, sys
if "FAKETIME_TIMESTAMP_FILE" in os.environ:  # libfaketime refuses the clock_nanosleep of time.sleep
    import select, time
    time.sleep = lambda seconds: select.select([], [], [], seconds) and None
if "agentos.child" in sys.orig_argv:
    sys.path.append({library!r})
    import deeds
    deeds.do_in_call({call}, deeds.{deed})
"""


def doing(
    deed: Callable[[], None],
    folder: Path,
    *,
    call: int = 1,
    place: Path | None = None,
    besides: str = "",
) -> dict[str, str]:
    """What the command's environment needs for its children to do the deed.

    `besides` is source that every process of the command runs, too.
    """
    from faults import patched  # which children need not import

    code = _IN_EVERY_PROCESS.format(
        library=str(Path(__file__).parent),
        deed=deed.__name__,
        call=call,
    )
    environ = {"PYTHONPATH": patched(folder, code + besides)}
    return environ | ({PLACE: str(place)} if place else {})


def do_in_call(number: int, deed: Callable[[], None]) -> None:
    """Runs in a child."""
    from agentos.models.embedded import EmbeddedModel

    answer = EmbeddedModel.complete
    calls = itertools.count(1)

    def complete(model: EmbeddedModel, *request: Any) -> Any:
        if next(calls) == number:
            deed()
        return answer(model, *request)

    EmbeddedModel.complete = complete  # type: ignore[assignment, method-assign] # the patch


def say_a_long_line() -> None:
    """200 MB and no newline before the end."""
    _say(b"x" * 1_000_000, times=LONG_LINE // 1_000_000)
    _say(b"\n")


def say_numbered_lines() -> None:
    """4 MB."""
    _say(numbered_lines().encode())


def say_lines_together() -> None:
    """The same, once all of the TOGETHER children are there; the place is where they meet."""
    Path(os.environ[PLACE], str(os.getpid())).touch()
    deadline = time.monotonic() + 60
    while len(os.listdir(os.environ[PLACE])) < TOGETHER:
        if time.monotonic() > deadline:
            raise TimeoutError("the others did not come")
        time.sleep(0.01)
    say_numbered_lines()


def numbered_lines() -> str:
    """What that says."""
    return "".join(f"{number:<1023}\n" for number in range(NUMBERED))


def fill_the_disk() -> None:
    """So that the file system which holds the place takes no further byte."""
    with (Path(os.environ[PLACE]) / "filler").open("wb", buffering=0) as filler:
        for size in (65536, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError:
                pass


def fill_the_disk_and_talk() -> None:
    """The log is on that disk."""
    fill_the_disk()
    say_numbered_lines()


def write_no_larger_file() -> None:
    """What a full disk is to somebody who may mount none: no file grows any more."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))


def refuse_names() -> None:
    """As a full disk whose folder has to grow for one more; a temporary file has its name."""
    replace = Path.replace

    def refuse(path: Path, target: str | os.PathLike[str]) -> Path:
        if Path(target).is_relative_to(os.environ[PLACE]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    Path.replace = refuse  # type: ignore[assignment, method-assign] # the patch


def set_the_clock() -> None:
    """The place is the file that libfaketime reads; written as a whole, as it may look any time."""
    clock = Path(os.environ[PLACE])
    new = clock.with_name(f"{clock.name}.{os.getpid()}")
    new.write_text(os.environ[JUMP])
    new.replace(clock)


def kill_the_supervisor() -> None:
    """And with that this child, since its lifeline ends."""
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()


def die_of_the_next_signal() -> None:
    """The place is a file that names signals, one a line; without one left, nothing happens."""
    signals = Path(os.environ[PLACE])
    name, _, left = signals.read_text().partition("\n")
    if name:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signals.write_text(left)
        os.kill(os.getpid(), signal.Signals[name])


def hang_or_take_long() -> None:
    """The main thread of LLD-42 stands still from now on; others wait for their model."""
    if "_42.db" not in os.environ["AGENTOS_WORKFLOW_DB"]:
        time.sleep(LONG_ANSWER)
        return
    from agentos import interruption

    def stand_still(*_: object) -> NoReturn:
        while True:
            signal.pause()

    interruption.next_word = stand_still  # type: ignore[attr-defined, assignment] # the patch
    stand_still()


def wait_for_the_place() -> None:
    """And go on for some time once it is there."""
    while not Path(os.environ[PLACE]).exists():
        time.sleep(0.01)
    time.sleep(SEEN_AT_WORK)


def nothing() -> None:
    """For those who only want what `doing` does besides."""


def fail() -> None:
    """The item ends with that; its journal is closed in good order."""
    raise RuntimeError("a failure on purpose")


def remove_the_state() -> None:
    """All of it, as somebody does who tidies up; at one instant, for others write there."""
    state = Path(os.environ[PLACE])
    shutil.rmtree(state.rename(state.with_name("trash")))


def _say(data: bytes, *, times: int = 1) -> None:
    for _ in range(times):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(1, rest) :]
