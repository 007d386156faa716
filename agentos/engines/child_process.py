"""One child process as the operating system has it: started, signalled, waited for."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from agentos.core.errors import EngineError
from agentos.core.systems import LINUX
from agentos.engines.no_room import not_started
from agentos.engines.words import Word

_FORWARDED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which getrusage(2) counts the largest resident set."""

CHILD_COMMAND = (sys.executable, "-P", "-m", "agentos.child")
"""-P keeps the working directory, which may be a stranger's project, out of the import path."""

_UNKNOWN = 255
"""A status that stands for none."""

_ENDS = {os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED}


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Hold back our signals; a process that is started inside begins with them blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(eq=False)
class ChildProcess:
    """A running child and our ends of its pipes; the write end of its stdin is its lifeline."""

    popen: "subprocess.Popen[bytes]"
    events_fd: int
    peak_memory: int = 0  # bytes, once it has ended

    @classmethod
    def start(
        cls, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> tuple["ChildProcess", int]:
        """Start it in a session of its own; also gives the number of its events descriptor.

        Raises EngineError, EngineBusy where the machine or the user has no room for one.
        """
        try:
            read_fd, write_fd = os.pipe()
        except OSError as error:
            raise not_started(error) from error
        try:
            with signals_blocked():
                popen = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    bufsize=0,
                    pass_fds=(write_fd,),
                    env=dict(environment),
                    start_new_session=True,
                )
        except OSError as error:
            os.close(read_fd)
            raise not_started(error, command[0]) from error
        finally:
            os.close(write_fd)
        return cls(popen, read_fd), write_fd

    @property
    def pid(self) -> int:
        """The child's process id; also that of its session and group."""
        return self.popen.pid

    @property
    def has_ended(self) -> bool:
        """Whether its status is taken; until then its number is its own."""
        return self.popen.returncode is not None

    @property
    def output_fd(self) -> int:
        """The read end of its merged stdout and stderr."""
        assert self.popen.stdout is not None  # noqa: S101 - Popen was given PIPE
        return self.popen.stdout.fileno()

    def tell(self, line: str) -> None:
        """Write the spec; the pipe stays open as the lifeline. A child that is gone is no error."""
        assert self.popen.stdin is not None  # noqa: S101 - Popen was given PIPE
        with contextlib.suppress(BrokenPipeError):
            self.popen.stdin.write(line.encode("ascii") + b"\n")

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal, unless the child is known to be gone."""
        if not self.has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.popen.pid, signum)

    def changes(self) -> Iterator[Word]:
        """Block until the child ends, telling on the way when it is stopped and continued.

        Its group ends with it. Before ENDED, `popen.returncode` and `peak_memory` are set. Raises
        EngineError for a child whose status somebody else has taken, whose group goes on.
        """
        try:
            yield from self._changes()
        except ChildProcessError as error:
            self.popen.returncode = _UNKNOWN  # and its number is anybody's by now
            raise EngineError(
                "nobody knows how its process ended: SIGCHLD is ignored, or its status was taken"
            ) from error

    def _changes(self) -> Iterator[Word]:
        yield from self._changes_until_a_zombie() if LINUX else ()
        while True:
            _, status, usage = os.wait4(self.pid, os.WUNTRACED | os.WCONTINUED)
            if os.WIFSTOPPED(status):
                yield Word.STOPPED
            elif os.WIFCONTINUED(status):
                yield Word.CONTINUED
            else:
                break
        if not LINUX:
            self._kill_group()  # which keeps its number for as long as it has a member
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        self.peak_memory = _own_peak(usage)
        yield Word.ENDED

    def _changes_until_a_zombie(self) -> Iterator[Word]:
        """While nobody has taken its status, its number is that of no other process or group."""
        passing = os.WSTOPPED | os.WCONTINUED
        while True:
            seen = os.waitid(os.P_PID, self.pid, os.WEXITED | passing | os.WNOWAIT)
            if seen is not None and seen.si_code in _ENDS:
                self._kill_group()
                return
            taken = os.waitid(os.P_PID, self.pid, passing | os.WNOHANG)
            if taken is not None:  # else it went on or ended between the two looks
                yield Word.CONTINUED if taken.si_code == os.CLD_CONTINUED else Word.STOPPED

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # where nobody is left
            os.killpg(self.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Stop it where it stands."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    def memory(self) -> int:
        """Bytes that it takes right now; 0 if it is gone."""
        try:
            return int(psutil.Process(self.popen.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def close(self) -> None:
        """Close the lifeline and the output; the events descriptor is its reader's to close."""
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                stream.close()


def _own_peak(usage: resource.struct_rusage) -> int:
    """Bytes; 0 where they may be ours, for what we take counts until the child's program begins."""
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * _MAXRSS_UNIT if usage.ru_maxrss > ours else 0
