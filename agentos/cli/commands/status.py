"""`agentos status`: every item and where it stands. Reads only."""

import os
from pathlib import Path

import click

from agentos.cli.options import project_option
from agentos.cli.tables import render_table
from agentos.core.items import Kind
from agentos.workspace.project import open_project
from agentos.workspace.survey import has_backlog, survey


@click.command()
@project_option
def status(project: Path) -> int:
    """Show every item of the backlog and where it stands; changes nothing.

    \b
    Example:
      agentos status --project ~/src/shelf
    """
    opened = open_project(project, os.environ)
    kinds = [kind for kind in Kind if has_backlog(opened, kind)] or list(Kind)
    found = [survey(opened, kind, take_all=True, take_finished=True) for kind in kinds]
    rows = [
        (standing.item.label, standing.describe(), standing.item.title)
        for one in found
        for standing in one.standings
    ]
    click.echo(render_table(rows) or "The backlog has no open item.")
    return 0
