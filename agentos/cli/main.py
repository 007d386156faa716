"""The `agentos` command and what every subcommand has in common: how it ends."""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from agentos import __version__
from agentos.cli.crash_report import write_crash_report
from agentos.cli.lazy_group import LazyGroup
from agentos.core.errors import AgentosError
from agentos.core.terminal_text import printable

EXIT_CODES = """\b
Exit codes:
  0    every item approved, or nothing to do
  1    at least one item failed
  2    usage, configuration or trust
  3    none failed, at least one needs revision
  4    stopped because credentials or budget ran out
  70   an error of our own; a report file is named
  130  Ctrl-C (128 + the number of whatever signal it was)
"""

_GONE = (errno.EPIPE, errno.EIO, errno.ENOSPC)
"""What a write to a console fails with when nobody is there to read it, or no room left."""


_COMMANDS = {
    "init": "agentos.cli.commands.init:init",
    "parallel": "agentos.cli.commands.parallel:parallel",
    "lld": "agentos.cli.commands.single:lld",
    "issue": "agentos.cli.commands.single:issue",
    "status": "agentos.cli.commands.status:status",
    "credentials": "agentos.cli.commands.credentials:credentials",
    "models": "agentos.cli.commands.models:models",
    "config": "agentos.cli.commands.config:config",
    "doctor": "agentos.cli.commands.doctor:doctor",
    "completion": "agentos.cli.commands.completion:completion",
}
"""Where each command is, in the order in which --help shows them."""


@click.group(
    cls=LazyGroup,
    commands_at=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(__version__, prog_name="agentos")
def agentos() -> None:
    """Work through a backlog with language models, many items at once, nothing lost.

    \b
    Example:
      agentos parallel lld --all -j 5     a design document for every open issue
      agentos parallel lld --all --dry-run
      agentos status
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, or dies of the signal that stopped it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the locale has no letter for
    code = _invoke(arguments)
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
            error.show()
        return error.exit_code
    except AgentosError as error:
        _complain(str(error), error.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - a fault of our own, or a console that is gone
        return _left_stdout(error) or _crashed(error)
    return code if isinstance(code, int) else 0


def _complain(sentence: str, hint: str = "") -> None:
    with contextlib.suppress(OSError):
        click.echo(f"agentos: {printable(sentence)}", err=True)
        if hint:
            click.echo(f"  {printable(hint)}", err=True)


def _crashed(error: Exception) -> int:
    """A report file instead of a traceback; the error's text stays there, as it may quote much."""
    report = write_crash_report(error, os.environ)
    hint = f"please report it with this file: {report}" if report else "no report can be written"
    _complain(f"an error of our own: {type(error).__name__}", hint)
    return 70


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
    # Keep the interpreter's last flush from failing, too.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
