"""`agentos status`: every item and where it stands. Reads only."""

import os
from collections.abc import Iterable
from pathlib import Path

import click

from agentos.cli.asides import aside
from agentos.cli.exit_codes import exit_codes
from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.errors import BacklogError
from agentos.core.items import Kind
from agentos.workspace.project import Project, open_project
from agentos.workspace.survey import Survey, has_backlog, survey


@click.command(epilog=exit_codes(done="the items are shown"))
@project_option
def status(project: Path) -> int:
    """Show every item of the backlog and where it stands; changes nothing.

    \b
    Example:
      agentos status --project ~/src/shelf
    """
    opened = open_project(project, os.environ)
    kinds = [kind for kind in Kind if has_backlog(opened, kind)] or list(Kind)
    found, faults = _surveys(opened, kinds)
    for notice in (notice for one in found for notice in one.notices):
        aside(notice)
    rows = [
        (standing.item.label, standing.describe(), standing.item.title)
        for one in found
        for standing in one.standings
    ]
    if rows or not faults:
        click.echo(render_table(rows) or "The backlog has no open item.")
    if faults:
        raise faults[0]
    return 0


def _surveys(opened: Project, kinds: Iterable[Kind]) -> tuple[list[Survey], list[BacklogError]]:
    """What there is of each kind, and the faults of those that cannot be read as a backlog."""
    found, faults = [], []
    for kind in kinds:
        try:
            found.append(survey(opened, kind, take_all=True, take_finished=True))
        except BacklogError as fault:
            faults.append(fault)
    return found, faults
