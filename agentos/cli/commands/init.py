"""`agentos init`: a commented config, and a backlog of numbered issues, where there is none."""

import os
from pathlib import Path

import click

from agentos.backlog.hints import typed
from agentos.cli.completion.hooks import complete_folder
from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import drafter_option, project_option
from agentos.cli.questions import Questions, on_terminal
from agentos.cli.setup.backlog import check_backlog, plan_backlog, set_up_backlog
from agentos.cli.setup.config import ConfigPlan, plan_config, write_config
from agentos.cli.setup.next_steps import next_steps
from agentos.cli.setup.report import Report
from agentos.core.config.schema import needs_trust
from agentos.core.errors import UsageError
from agentos.core.items import Kind
from agentos.core.terminal_text import printable
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.model_needs import accounts_with_key, missing_for
from agentos.workspace.project import Project, open_project
from agentos.workspace.scaffold import check_writable


@click.command(epilog=exit_codes(done="the project is set up, or was already"))
@drafter_option
@click.option(
    "--adopt",
    type=click.Path(path_type=Path, readable=False),
    metavar="DIR",
    shell_complete=complete_folder,
    help="Copy the Markdown files of DIR to issues/, each with a number; those of issues/ itself"
    " are renamed.",
)
@project_option
def init(project: Path, drafter: str | None, adopt: Path | None) -> int:
    """Set a project up: write a commented agentos.toml, and find its issues or make a first one.

    On a terminal it asks which model is to write and whether to number files that have no number;
    Enter takes the default. Nothing is ever written over, and a second time there is nothing to do.

    \b
    Example:
      agentos init
      agentos init --adopt docs/tickets
      agentos init --drafter anthropic/NAME
    """
    opened = open_project(project, os.environ)
    layers = read_layers(opened.root, os.environ, {"drafter": drafter})
    questions = Questions() if on_terminal() else None
    config = plan_config(opened, layers, drafter, questions, os.environ)
    backlog = plan_backlog(opened, adopt, questions)

    if not config.kept:
        check_writable(opened.root)
    check_backlog(opened, backlog)

    report = Report()
    try:
        write_config(opened, layers, config, report)
        has_issues = set_up_backlog(opened, backlog, report)
    except UsageError as error:
        raise _half_done(error) if report.has_done else error from None
    if not report.has_done:
        report.note("nothing to do")

    kind = Kind.LLD if has_issues else Kind.ISSUE if backlog.found.briefs else None
    missing = _missing(opened, layers, config)
    for line in next_steps(opened.root, kind=kind, left=backlog.left, missing=missing):
        click.echo(printable(line))
    return 0


def _half_done(error: UsageError) -> UsageError:
    """What stopped it, and that the rest comes with the same command."""
    done = "what was told so far stays, and the same command does the rest"
    return UsageError(str(error), f"{error.hint}; {done}" if error.hint else done)


def _missing(project: Project, layers: Layers, config: ConfigPlan) -> list[str]:
    """What has to be typed before the chosen model can be asked."""
    commands = list(missing_for(config.chosen, accounts_with_key(layers, os.environ)))
    sets_command = config.drafter is not None and needs_trust(("drafter",), config.drafter)
    if layers.project.untrusted or sets_command:
        commands.append(typed("agentos config trust", project.root))
    return commands
