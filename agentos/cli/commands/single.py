"""`agentos lld ITEM` and `agentos issue ITEM`: one item in the foreground."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from agentos.cli.completion.hooks import complete_briefs, complete_issues
from agentos.cli.exit_codes import exit_codes_of_items
from agentos.cli.options import (
    again_option,
    budget_option,
    drafter_option,
    grace_option,
    max_tokens_option,
    project_option,
    reviewer_option,
    safe_identifier,
)
from agentos.cli.usage_errors import without_typed_keys
from agentos.core.items import Kind

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _item_options(command: CommandT) -> CommandT:
    options = (
        drafter_option,
        reviewer_option,
        budget_option,
        max_tokens_option,
        again_option,
        grace_option,
        project_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog=exit_codes_of_items())
@click.argument(
    "item",
    shell_complete=complete_issues,
    help="An issue by its number: 42, 042 and LLD-42 are one.",
)
@_item_options
def lld(**options: Any) -> int:
    """Write the low-level design document of one issue, here and now.

    \b
    Example:
      agentos lld 42
    """
    return _run(Kind.LLD, **options)


@click.command(epilog=exit_codes_of_items())
@click.argument(
    "item",
    shell_complete=complete_briefs,
    help="A brief by its id, such as dark-mode.",
)
@_item_options
def issue(**options: Any) -> int:
    """Write the structured issue of one idea brief, here and now.

    \b
    Example:
      agentos issue dark-mode
    """
    return _run(Kind.ISSUE, **options)


def _run(
    kind: Kind, *, item: str, again: bool, grace: float, project: Path, **flags: str | None
) -> int:
    # Half a second of imports, which neither --help nor Tab waits for.
    from agentos.cli.foreground import run_in_foreground  # noqa: PLC0415
    from agentos.workspace.project import open_project  # noqa: PLC0415

    with without_typed_keys((item,), os.environ):
        return run_in_foreground(
            open_project(project, os.environ),
            kind,
            safe_identifier(item),
            again=again,
            grace=grace,
            flags=flags,
            environ=os.environ,
        )
