"""`agentos doctor`: what would stand in the way of a run, and what to type. Reads only."""

import os
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from agentos import __version__
from agentos.cli.exit_codes import exit_codes
from agentos.cli.known_secrets import repeated_secrets
from agentos.cli.options import project_option
from agentos.core.installation import this_installation
from agentos.core.masking import Masker
from agentos.core.terminal_text import printable
from agentos.diagnosis.examination import examine
from agentos.diagnosis.finding import Finding, Level, summary
from agentos.diagnosis.surroundings import Surroundings
from agentos.workspace.project import open_project

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}
_GAP = "  "
_LEAST_WIDTH = 24  # columns for sentences, however narrow the terminal


@click.command(epilog=exit_codes(done="there is no fault", failed="there is at least one fault"))
@project_option
def doctor(project: Path) -> int:
    """Look for what would stand in the way of a run, and say what to type about it.

    Each line is ok, a warning or a fault; what to type stands below it, after a `$`. Nothing is
    changed, and no model is asked.

    \b
    Example:
      agentos doctor
      agentos doctor --project ~/src/shelf
    """
    opened = open_project(project, os.environ)
    findings = examine(
        Surroundings(opened, os.environ, _here(), this_installation(os.environ)),
    )
    # No sentence of ours holds a secret; one of somebody else's package might.
    mask = Masker(repeated_secrets(os.environ)).mask
    colour = False if os.environ.get("NO_COLOR") else None  # None: as the terminal has it
    click.echo(f"agentos {__version__}, {printable(str(opened.root))}\n")
    for line in _lines(findings, opened.root):
        click.echo(mask(line), color=colour)
    click.echo(f"\n{summary(findings)}")
    return 1 if any(finding.level is Level.FAULT for finding in findings) else 0


def _lines(findings: Sequence[Finding], root: Path) -> Iterator[str]:
    """Aligned; sentences are wrapped on a terminal, commands never, so that they can be copied."""
    levels = max(len(level) for level in Level)
    subjects = max(len(finding.subject) for finding in findings)
    margin = " " * (levels + subjects + 2 * len(_GAP))
    room = max(_columns() - len(margin), _LEAST_WIDTH)
    for finding in findings:
        colour = _COLOURS[finding.level]
        level = click.style(f"{finding.level:<{levels}}", fg=colour, bold=colour == "red")
        head = f"{level}{_GAP}{printable(finding.subject):<{subjects}}{_GAP}"
        for line in _wrapped(_shortened(finding.sentence, root), room):
            yield f"{head}{line}"
            head = margin
        for line in _wrapped(_shortened(finding.hint, root), room):
            yield f"{margin}{click.style(line, dim=True)}"
        if finding.command:
            yield f"{margin}{click.style(f'$ {printable(finding.command)}', bold=True)}"


def _shortened(sentence: str, root: Path) -> str:
    """With paths as they lie in the project, which is named above all."""
    return re.sub(rf"(?<![^\s(']){re.escape(str(root))}/(?=[^\s])", "", sentence)


def _wrapped(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(printable(sentence), width, break_on_hyphens=False, break_long_words=False)


def _columns() -> int:
    """Of the terminal; without one, lines are as long as what they say."""
    if sys.stdout is None or not sys.stdout.isatty():
        return 10_000
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the folder was removed: then every path is told in full
        return Path("/nonexistent")
