"""The `agentos` command and what every subcommand has in common: how it ends."""

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from agentos import __version__
from agentos.cli.crash_report import write_crash_report
from agentos.cli.parallel import parallel
from agentos.cli.single import issue, lld
from agentos.cli.status import status
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="agentos")
def agentos() -> None:
    """Work through a backlog with language models, many items at once, nothing lost.

    \b
    Example:
      agentos parallel lld --all -j 5     a design document for every open issue
      agentos parallel lld --all --dry-run
      agentos status
    """


for command in (parallel, lld, issue, status):
    agentos.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, or dies of the signal that stopped it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = agentos.main(list(arguments), prog_name="agentos", standalone_mode=False)
        _flush()
    except click.exceptions.Abort:
        die_of(signal.SIGINT)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except AgentosError as error:
        click.echo(f"agentos: {printable(str(error))}", err=True)
        if error.hint:
            click.echo(f"  {printable(error.hint)}", err=True)
        return error.exit_code
    except BrokenPipeError:
        return _without_reader()
    except Exception as error:  # noqa: BLE001 - ours: a report file instead of a traceback
        report = write_crash_report(error, os.environ)
        # Its text stays in the report: it may quote anything.
        click.echo(f"agentos: an error of our own: {type(error).__name__}", err=True)
        click.echo(f"  please report it with this file: {report}", err=True)
        return 70
    if isinstance(code, int) and code > 128:
        die_of(signal.Signals(code - 128))
    return code if isinstance(code, int) else 0


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


def _without_reader() -> int:
    """Leave quietly when stdout was closed, also at the interpreter's last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
