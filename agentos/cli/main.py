"""The `agentos` command and what every subcommand has in common: how it ends."""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

import click

from agentos import __version__
from agentos.cli.asides import aside
from agentos.cli.completion.scripts import INSTRUCTION
from agentos.cli.exit_codes import all_exit_codes
from agentos.cli.lazy_group import CommandPlace, LazyGroup
from agentos.cli.usage_errors import explained
from agentos.core.errors import AgentosError
from agentos.core.shortage import DISK_FULL, shortage

_GONE = DISK_FULL | {errno.EPIPE, errno.EIO, errno.EFBIG}
"""What a write to a console or a file fails with when nobody is there to read it, or no room."""


_IN = "agentos.cli.commands"
_COMMANDS = {
    "init": CommandPlace(f"{_IN}.init:init", "Make a project: a config, and a first issue."),
    "parallel": CommandPlace(f"{_IN}.parallel:parallel", "Work on many items at once."),
    "lld": CommandPlace(f"{_IN}.single:lld", "Write the design document of one issue."),
    "issue": CommandPlace(f"{_IN}.single:issue", "Write the structured issue of one idea brief."),
    "status": CommandPlace(f"{_IN}.status:status", "Show every item and where it stands."),
    "runs": CommandPlace(f"{_IN}.runs:runs", "Tidy up what earlier runs left behind."),
    "credentials": CommandPlace(
        f"{_IN}.credentials:credentials", "Add, list, test and remove API keys."
    ),
    "models": CommandPlace(
        f"{_IN}.models:models", "Show the models there are, and what is missing."
    ),
    "config": CommandPlace(f"{_IN}.config:config", "Show the settings; trust a project's own."),
    "doctor": CommandPlace(f"{_IN}.doctor:doctor", "Look for what is wrong, and what mends it."),
    "completion": CommandPlace(
        f"{_IN}.completion:completion", "Print the script for Tab in bash, zsh or fish."
    ),
}
"""Where each command is, in the order in which --help shows them."""


@click.group(
    cls=LazyGroup,
    commands_at=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=all_exit_codes(),
)
@click.version_option(__version__, prog_name="agentos")
def agentos() -> None:
    """Work through a backlog with language models, many items at once, nothing lost.

    \b
    Example:
      agentos parallel lld --all -j 5       a design document for every open issue
      agentos parallel lld --all --dry-run  what would run, and what it would cost
      agentos status                        every item and where it stands
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, or dies of the signal that stopped it."""
    if instruction := os.environ.get(INSTRUCTION):
        from agentos.cli.completion.answer import answer  # noqa: PLC0415 - only for a shell

        answer(agentos, instruction, os.environ)
        return 0
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the locale has no letter for
    code = _invoke(arguments)
    _leave_stderr()
    if code > 128:
        die_of(signal.Signals(code - 128))
    if sys.stdout is None and code == 0:
        return 1  # what was asked for was told to nobody
    return code


def _invoke(arguments: Sequence[str]) -> int:
    try:
        code = agentos.main(list(arguments), prog_name="agentos", standalone_mode=False)
        _flush()
    except click.exceptions.Abort:
        return 128 + signal.SIGINT
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            explained(error, arguments).show()
        return error.exit_code
    except AgentosError as error:
        _complain(str(error), error.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - a fault of our own, a console that is gone, or no room
        return _left_stdout(error) or _found_no_room(error) or _crashed(error)
    return code if isinstance(code, int) else 0


def _complain(sentence: str, hint: str = "") -> None:
    aside(f"agentos: {sentence}")
    if hint:
        aside(f"  {hint}")


def _crashed(error: Exception) -> int:
    """A report file instead of a traceback; the error's text stays there, as it may quote much."""
    report = None
    with contextlib.suppress(Exception):
        from agentos.cli.crash_report import write_crash_report  # noqa: PLC0415 - only for this

        report = write_crash_report(error, os.environ)
    hint = f"please report it with this file: {report}" if report else "no report can be written"
    _complain(f"an error of our own: {type(error).__name__}", hint)
    return 70


def _found_no_room(error: Exception) -> int:
    """The exit code where a thread, memory or an open file was refused; 0 for another error."""
    lacks = shortage(error)
    if not lacks:
        return 0
    _complain(
        f"this machine has no room for it now: {lacks}",
        "end other programs or raise the limit of processes, memory or open files (ulimit -a), "
        "then run the same command again",
    )
    return 1


def die_of(signum: signal.Signals) -> NoReturn:
    """End as the signal would have ended us, so that a shell sees the truth."""
    with contextlib.suppress(OSError):
        _flush()
    signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signum})
    os.kill(os.getpid(), signum)
    sys.exit(128 + signum)  # not reached unless the signal is held back elsewhere


def _flush() -> None:
    if sys.stdout is not None:  # None where the program was started without one
        sys.stdout.flush()


def _left_stdout(error: Exception) -> int:
    """The exit code for a stdout that takes no more; 0 where that is not what happened."""
    if not isinstance(error, OSError) or error.errno not in _GONE:
        return 0
    if error.errno != errno.EPIPE:
        _complain(f"stdout takes no more output: {error.strerror}")
    _silence(sys.stdout)
    return 1


def _leave_stderr() -> None:
    """What nobody takes there is no error."""
    try:
        if sys.stderr is not None:  # as for stdout
            sys.stderr.flush()
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Keep the interpreter's last flush from failing, too, which would make the exit code 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
