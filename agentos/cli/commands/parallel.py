"""`agentos parallel lld|issue`: many items at once, a process each."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agentos.cli.completion.hooks import complete_briefs, complete_issues
from agentos.cli.exit_codes import IN_A_GROUP, exit_codes_of_items
from agentos.cli.lazy_group import CommandPlace
from agentos.cli.options import (
    DEFAULT_IDLE_TIMEOUT,
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT,
    HaltOption,
    Seconds,
    again_option,
    budget_option,
    drafter_option,
    grace_option,
    max_tokens_option,
    project_option,
    reviewer_option,
    safe_identifier,
)
from agentos.cli.told_group import ToldGroup
from agentos.cli.usage_errors import without_typed_keys
from agentos.core.heartbeat import BEAT, LEAST_IDLE_TIMEOUT
from agentos.core.items import Kind

if TYPE_CHECKING:
    from agentos.workflows.parallel.halt import HaltRule

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


_COMMANDS = {
    "lld": CommandPlace(f"{__name__}:lld", "A design document for each issue."),
    "issue": CommandPlace(f"{__name__}:issue", "A structured issue for each idea brief."),
}


@click.group(cls=ToldGroup, commands_at=_COMMANDS, epilog=IN_A_GROUP)
def parallel() -> None:
    """Work on many items at once, one process for each.

    \b
    Example:
      agentos parallel lld --all -j 5
    """


def _batch_options(command: CommandT) -> CommandT:
    """The options of every batch, in the order in which --help shows them."""
    options = (
        click.option("--all", "take_all", is_flag=True, help="Take everything that is open."),
        click.option(
            "-j",
            "--parallel",
            type=click.IntRange(min=1),
            metavar="N",
            help="How many run at once.  [default: 3; at most 10]",
        ),
        click.option(
            "--dry-run", is_flag=True, help="Say what would happen; start and write nothing."
        ),
        drafter_option,
        reviewer_option,
        budget_option,
        max_tokens_option,
        click.option(
            "--budget-reset",
            is_flag=True,
            help="Forget what the unfinished batch has cost so far.",
        ),
        again_option,
        grace_option,
        click.option(
            "--timeout",
            type=Seconds(0.001),
            default=DEFAULT_TIMEOUT,
            show_default=True,
            metavar="S",
            help="Seconds for one item, not counting its wait for a credential.",
        ),
        click.option(
            "--idle-timeout",
            type=Seconds(
                LEAST_IDLE_TIMEOUT,
                why_not_less=f"a process that is well gives a sign of life every {BEAT:g} s",
            ),
            default=DEFAULT_IDLE_TIMEOUT,
            show_default=True,
            metavar="S",
            help="Seconds that the process of an item may give no sign of life; at least "
            f"{LEAST_IDLE_TIMEOUT:g}.",
        ),
        click.option(
            "--retries",
            type=click.IntRange(0, 100),
            default=DEFAULT_RETRIES,
            show_default=True,
            metavar="N",
            help="How often an item is tried again that failed for a reason which may pass.",
        ),
        click.option(
            "--retry-failed",
            is_flag=True,
            help="Take only what failed and has not finished since.",
        ),
        click.option(
            "--halt",
            type=HaltOption(),
            metavar="WHEN",
            help="End a run that goes wrong: now,fail=1 or soon,fail=20% (of all items); soon lets "
            "finish what runs.  [default: never]",
        ),
        project_option,
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            help="Show failures, what ends a run, and the summary only.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Show every step, too."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog=exit_codes_of_items())
@click.argument(
    "items",
    nargs=-1,
    shell_complete=complete_issues,
    help="Issues by their numbers: 42, 042 and LLD-42 are one. Needed without --all.",
)
@_batch_options
def lld(**options: Any) -> int:
    """Write a low-level design document for each issue in ITEMS, or for all that are open.

    \b
    Example:
      agentos parallel lld --all -j 5
      agentos parallel lld 42 57 --dry-run
    """
    return _run(Kind.LLD, "issue", "42", **options)


@click.command(epilog=exit_codes_of_items())
@click.argument(
    "items",
    nargs=-1,
    shell_complete=complete_briefs,
    help="Briefs by their ids, such as dark-mode. Needed without --all.",
)
@_batch_options
def issue(**options: Any) -> int:
    """Write a structured issue for each idea brief in ITEMS, or for all that are open.

    \b
    Example:
      agentos parallel issue --all -j 4
      agentos parallel issue dark-mode
    """
    return _run(Kind.ISSUE, "idea brief", "dark-mode", **options)


def _run(
    kind: Kind,
    noun: str,
    example: str,
    *,
    items: tuple[str, ...],
    take_all: bool,
    parallel: int | None,
    dry_run: bool,
    again: bool,
    grace: float,
    timeout: float,
    idle_timeout: float,
    retries: int,
    retry_failed: bool,
    halt: "HaltRule | None",
    project: Path,
    quiet: bool,
    verbose: bool,
    budget_reset: bool,
    **flags: str | None,
) -> int:
    if quiet and verbose:
        raise click.UsageError("-q and -v contradict each other; give one of them.")
    take_all = take_all or (retry_failed and not items)
    if not items and not take_all:
        raise click.UsageError(
            f"Say which items: `agentos parallel {kind} --all` takes every open {noun}, "
            f"`agentos parallel {kind} {example}` the one that is named."
        )
    # Half a second of imports, which neither --help nor Tab waits for.
    from agentos.cli.batch.run import BatchRequest, run_batch  # noqa: PLC0415
    from agentos.cli.batch.wiring import BatchSettings  # noqa: PLC0415
    from agentos.workspace.project import open_project  # noqa: PLC0415

    request = BatchRequest(
        project=open_project(project, os.environ),
        kind=kind,
        ids=tuple(safe_identifier(text) for text in items),
        settings=BatchSettings(
            parallel,
            grace,
            timeout,
            idle_timeout=idle_timeout,
            retries=retries,
            halt=halt,
            take_all=take_all,
            again=again,
            quiet=quiet,
            verbose=verbose,
        ),
        flags=flags,
        budget_reset=budget_reset,
        retry_failed=retry_failed,
    )
    with without_typed_keys(items, os.environ):
        return run_batch(request, dry_run=dry_run, environ=os.environ)
