"""Runs one program and leaves nothing of it behind, whoever dies first.

`process` starts it as a script, so it imports the standard library only, and little of that. Its
stdin brings one JSON line that says what to run and then is the lifeline: its end means that the
caller wants no more, or is gone. Its stdout takes the report when all is over: `exit CODE`,
negative for a signal, or `error ERRNO` when the program could not be started.

On Linux orphans among the program's descendants become children of this process, so that all of
them are found, in whatever session they are and whatever they did to their environment.
Elsewhere those are found that stayed in the program's group or still have their parents.

The environment of this process says what it is and must not name the journal: the engine would take
it for a stray and kill it in the middle of its work.
"""

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import sys
import time

LINUX = sys.platform == "linux"

_LIFELINE = 0
_REPORT = 1

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Whoever wants the end closes the lifeline; these would leave the program without a guardian."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

_KILL_AGAIN_AFTER = 0.02
_GIVE_UP_AFTER = 10.0
"""Seconds after which what withstands SIGKILL, such as a program of root's, is left alone."""


def main() -> None:
    """Do what stdin asks for; without a whole line of it, nothing."""
    line = _read_line()
    if not line.endswith(b"\n"):
        return
    spec = json.loads(line)
    family = _Family()
    try:
        result = _run(family, spec["argv"], spec["executable"], spec["environment"], spec["stdio"])
    finally:
        family.end()
        remove(spec["folder"])
    with contextlib.suppress(BrokenPipeError):  # nobody may be left to read it
        os.write(_REPORT, result.encode())


def _read_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(_LIFELINE, 65536)
        if not chunk:
            break
        line += chunk
    return line


def _run(
    family: "_Family",
    argv: list[str],
    executable: str,
    environment: dict[str, str],
    stdio: list[int],
) -> str:
    """What is to be reported once the program has ended; nothing if it is not wanted any more."""
    try:
        family.start(argv, executable, environment, stdio)
    except OSError as error:
        return f"error {error.errno}"
    while family.code is None:
        ready, _, _ = select.select([_LIFELINE, family.changes], [], [])
        if _LIFELINE in ready and not os.read(_LIFELINE, 4096):
            return ""
        family.reap()
    return f"exit {family.code}"


class _Family:
    """The program with all that it starts. `changes` can be read when one of them ended."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._pid: int | None = None
        self.changes, wake = os.pipe()
        os.set_blocking(self.changes, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        if LINUX:
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def start(
        self, argv: list[str], executable: str, environment: dict[str, str], stdio: list[int]
    ) -> None:
        """Start the program in a session of its own, its stdio the descriptors that are given.

        Raises OSError.
        """
        guardian = os.getpid()
        failure, failed = os.pipe()  # closed by a successful exec
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _become(argv, executable, environment, stdio, guardian)
            except (OSError, ValueError) as error:
                os.write(failed, str(getattr(error, "errno", errno.EINVAL)).encode())
            finally:
                os._exit(127)
        for fd in (failed, *stdio):
            os.close(fd)
        number = b""
        while chunk := os.read(failure, 16):
            number += chunk
        os.close(failure)
        if number:
            raise OSError(int(number), os.strerror(int(number)))

    def reap(self) -> bool:
        """Take the status of all that ended; whether there is anything left."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.changes, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._pid:
                self.code = os.waitstatus_to_exitcode(status)

    def end(self) -> None:
        """Kill in rounds until nothing is left, since a process may fork while it is killed."""
        give_up = time.monotonic() + _GIVE_UP_AFTER
        if self._pid is not None:
            _kill(-self._pid)
        while self.reap() and time.monotonic() < give_up:
            for pid in descendants(os.getpid()):
                _kill(pid)
            select.select([self.changes], [], [], _KILL_AGAIN_AFTER)


def _become(
    argv: list[str],
    executable: str,
    environment: dict[str, str],
    stdio: list[int],
    guardian: int,
) -> None:
    """Turn this forked process into the program. Raises OSError, or ValueError for a NUL."""
    os.setsid()
    if LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guardian:
            return
    for target, fd in enumerate(stdio):
        os.dup2(fd, target)
        os.set_inheritable(fd, False)
    for number in (*_IGNORED, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the last two
        signal.signal(number, signal.SIG_DFL)
    os.execve(executable, argv, environment)  # noqa: S606 - no shell is wanted


def descendants(root: int) -> list[int]:
    """The process ids of all that come from `root`, itself not among them."""
    if not LINUX:
        import psutil  # noqa: PLC0415 - /proc is quicker where it is

        return [process.pid for process in psutil.Process(root).children(recursive=True)]
    children: dict[int, list[int]] = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        children.setdefault(_parent(name), []).append(int(name))
    found = [root]
    for pid in found:  # grows on the way
        found += children.get(pid, [])
    return found[1:]


def _parent(pid: str) -> int:
    """Its parent's id, 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - as below
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _kill(target: int) -> None:
    with contextlib.suppress(OSError):  # gone, or not ours to kill
        os.kill(target, signal.SIGKILL)


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, as far as possible."""
    try:
        os.rmdir(folder)  # noqa: PTH106 - pathlib costs 10 ms
    except OSError:
        import shutil  # noqa: PLC0415 - most programs leave the folder empty

        shutil.rmtree(folder, ignore_errors=True)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
