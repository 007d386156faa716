"""`agentos lld ITEM` and `agentos issue ITEM`: one item in the foreground."""

import os
from pathlib import Path
from typing import Any

import click

from agentos.cli.foreground import run_in_foreground
from agentos.cli.options import again_option, grace_option, project_option, safe_identifier
from agentos.cli.project import open_project
from agentos.core.items import Kind


@click.command()
@click.argument("item")
@again_option
@grace_option
@project_option
def lld(**options: Any) -> int:
    """Write the low-level design document of one issue, here and now.

    \b
    Example:
      agentos lld 42
    """
    return _run(Kind.LLD, **options)


@click.command()
@click.argument("item")
@again_option
@grace_option
@project_option
def issue(**options: Any) -> int:
    """Write the structured issue of one idea brief, here and now.

    \b
    Example:
      agentos issue dark-mode
    """
    return _run(Kind.ISSUE, **options)


def _run(kind: Kind, *, item: str, again: bool, grace: float, project: Path) -> int:
    return run_in_foreground(
        open_project(project, os.environ),
        kind,
        safe_identifier(item),
        again=again,
        grace=grace,
        environ=os.environ,
    )
