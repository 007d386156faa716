"""One item in this process: the same workflow as in a child, and the parent's part of its end."""

import queue
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType

import click

from agentos.cli.batch.view import is_passing, refusal_line
from agentos.cli.signals import stop_signals
from agentos.core.calls import Answer, Lease, Leases, Refusal, Wish
from agentos.core.child_spec import ItemSpec
from agentos.core.config.environment import child_environment, simulate_rate_limits
from agentos.core.events import CallRefused, Event, Reported
from agentos.core.items import Item, Kind
from agentos.core.masking import Masker
from agentos.core.outcomes import Outcome
from agentos.core.terminal_text import printable
from agentos.credentials.answers import Refused
from agentos.credentials.budget import Budget
from agentos.interruption import Inbox, Interruption
from agentos.item_runner import run_item
from agentos.records.state_folder import prepare_state
from agentos.reporting.advice import folded, to_go_on, to_revise
from agentos.reporting.costs import Costs
from agentos.reporting.status import State
from agentos.reporting.summary import RUNS_OUT, exit_code
from agentos.workflows.parallel import CredentialCoordinator
from agentos.workspace.configuration import configure, read_layers
from agentos.workspace.finishing import finish_item
from agentos.workspace.limit_memory import LimitMemory
from agentos.workspace.project import Project, check_outputs
from agentos.workspace.survey import survey


def run_in_foreground(
    project: Project,
    kind: Kind,
    item_id: str,
    *,
    again: bool,
    grace: float,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
) -> int:
    """Work on one item and give the exit code.

    It leaves no run folder, and its budget counts this command alone.
    """
    check_outputs(project, kind)
    found = survey(project, kind, ids=(item_id,))
    standing = found.standings[0]
    item = standing.item
    if not standing.is_due(again=again):
        click.echo(f"{item.label}: {standing.forecast()}: {found.index[item.label].document}")
        if standing.state is State.NEEDS_REVISION:
            click.echo("\n".join(_what_to_revise(item)))
        return exit_code([Outcome(standing.state)])
    configuration = configure(read_layers(project.root, environ, flags), environ)
    prepare_state(project.state, project.root)
    masker = Masker(configuration.configured.secrets)

    def say(text: str) -> None:
        click.echo(printable(masker.mask(text)))

    def notify(text: str) -> None:
        with suppress(OSError):  # nobody reads; what a call brought is not lost over that
            say(text)

    memory = LimitMemory(environ, configuration.lent, notify)
    leases = _DirectLeases(
        CredentialCoordinator(
            configuration.lent,
            notify=notify,
            budget=Budget(
                configuration.prices,
                nanodollars=configuration.limits.nanodollars,
                tokens=configuration.limits.tokens,
            ),
            simulate_rate_limits=simulate_rate_limits(environ),
            recalled=memory.recalled,
            remember=memory.add,
        ),
        item.label,
    )
    costs = Costs(configuration.prices)

    def watch(event: Event) -> None:
        costs(event)
        if isinstance(event, CallRefused) and is_passing(event):
            say(refusal_line(event))

    report, stopped_by = _work_on(
        project,
        configuration.spec(project, item, grace=grace, again=again),
        leases=leases,
        emit=watch,
        say=say,
        environ=child_environment(environ, configuration.configured),
    )
    for line in _told(item, report):
        say(line)
    if used := costs.total.describe():
        say(f"used: {used}")
    if report.stopped_by:
        say(to_go_on(report.stopped_by, memory.first_back()))
    return exit_code([report.outcome], signal=stopped_by, exhausted=report.stopped_by in RUNS_OUT)


def _told(item: Item, report: Reported) -> list[str]:
    if report.outcome is Outcome.NEEDS_REVISION:
        return _what_to_revise(item)
    error = f": {report.error}" if report.error else ""
    return [f"{item.label} {report.outcome}{error}"]


def _what_to_revise(item: Item) -> list[str]:
    return folded(f"{item.label} {to_revise(item.kind)}")


def _work_on(
    project: Project,
    work: ItemSpec,
    *,
    leases: Leases,
    emit: Callable[[Event], None],
    say: Callable[[str], None],
    environ: Mapping[str, str],
) -> tuple[Reported, int | None]:
    """Run the workflow and the rest of its end; also gives the signal that stopped it, if any."""
    inbox: Inbox = queue.SimpleQueue()
    signals: list[int] = []

    def handle(signum: int, _frame: FrameType | None) -> None:
        signals.append(signum)
        inbox.put(signum)

    began = time.monotonic()
    with stop_signals(handle):
        report = run_item(
            work,
            leases=leases,
            interruption=Interruption(inbox, grace=work.grace),
            emit=emit,
            say=say,
            environ=environ,
        )
        report = finish_item(
            project,
            work.item,
            report,
            seconds=time.monotonic() - began,
            run_id=None,
            publish=_ignore,
        )
    return report, signals[0] if signals else None


def _ignore(_event: Event) -> None:
    """Nobody listens: a single item leaves no record but its document."""


_LONGEST_WAIT = 20.0
"""Seconds until one looks again, so that a long pause is told of now and then."""


class _DirectLeases:
    """Leases from a coordinator in this very process."""

    def __init__(self, coordinator: CredentialCoordinator, owner: str) -> None:
        self._coordinator = coordinator
        self._owner = owner

    def acquire(self, wish: Wish) -> Lease:
        ticket = self._coordinator.request(self._owner, wish)
        while True:
            answer = self._coordinator.wait(self._owner, ticket, _LONGEST_WAIT)
            if isinstance(answer, Lease):
                return answer
            if isinstance(answer, Refused):
                raise answer.error(answer.reason)

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        self._coordinator.settle(self._owner, lease.id, result)
