"""A batch from the wish to the exit code: look, lock, tidy up, run, tell."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from agentos.cli.asides import aside
from agentos.cli.batch.ending import ending, skipped_item
from agentos.cli.batch.forecast import forecast
from agentos.cli.batch.job_summary import JobSummary, without_job_summary
from agentos.cli.batch.pages import of_end, of_forecast, of_nothing_to_do
from agentos.cli.batch.summary import summary_lines
from agentos.cli.batch.wiring import Batch, BatchSettings
from agentos.cli.tables import render_table
from agentos.core.clock import utc_now
from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.records.history import children, close_unclosed, unclosed_runs
from agentos.records.project_lock import project_lock
from agentos.records.pruning import KEPT, prune_runs
from agentos.records.run_folder import RunFolder, new_run_id
from agentos.records.spending import SpendingLedger, remove_ledger
from agentos.records.state_folder import prepare_state
from agentos.records.survivors import SystemProcesses, await_survivors
from agentos.reporting.advice import advice, folded
from agentos.reporting.summary import EXHAUSTED_EXIT_CODE, exit_code
from agentos.workflows.journal_copies import sweep_copies
from agentos.workflows.parallel.socket_folder import remove_socket_folder, socket_folder
from agentos.workspace.configuration import Configuration, configure, read_layers
from agentos.workspace.project import Project, check_outputs
from agentos.workspace.survey import Survey, survey


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a user asked for, checked as far as it can be without looking at the backlog.

    `flags` are the options that are settings, by their names. With `retry_failed` only those items
    are meant that failed and have not finished since.
    """

    project: Project
    kind: Kind
    ids: tuple[str, ...]
    settings: BatchSettings
    flags: Mapping[str, object]
    budget_reset: bool = False
    retry_failed: bool = False

    @property
    def nothing_there(self) -> str:
        """What it means that no item was found, without a full stop."""
        return "nothing failed" if self.retry_failed else "the backlog has no open item"


def run_batch(request: BatchRequest, *, dry_run: bool, environ: Mapping[str, str]) -> int:
    """Run it, or say what it would do; gives the exit code.

    Raises UsageError before anything is written.
    """
    page = JobSummary(environ)
    environ = without_job_summary(environ)
    check_outputs(request.project, request.kind)
    found = _look(request)
    configuration = configure(read_layers(request.project.root, environ, request.flags), environ)
    secrets = configuration.configured.secrets
    for notice in found.notices:
        aside(notice)
    if dry_run:
        told = forecast(found, configuration, again=request.settings.again)
        told.show()
        page.add(of_forecast(told), secrets)
        return 0
    if not any(standing.is_due(again=request.settings.again) for standing in found.standings):
        if request.budget_reset:
            _forget_spending(request.project, request.kind)
        _print_nothing_to_do(found, request.nothing_there)
        code = exit_code(Outcome(standing.state) for standing in found.standings)
        page.add(of_nothing_to_do(found, request.nothing_there, code), secrets)
        return code

    sockets = socket_folder(environ)
    try:
        return _run(request, configuration, environ, page, sockets)
    finally:
        remove_socket_folder(sockets)


def _run(
    request: BatchRequest,
    configuration: Configuration,
    environ: Mapping[str, str],
    page: JobSummary,
    sockets: Path,
) -> int:
    state = request.project.state
    prepare_state(state, request.project.root)
    with contextlib.ExitStack() as locked:
        locked.enter_context(project_lock(state.lock, now=utc_now))
        run_id = new_run_id(utc_now())
        _tidy_up(request.project, run_id)
        found = _look(request)  # what it is now that nobody else writes

        def record(on_error: Callable[[OSError], None]) -> RunFolder:
            return RunFolder.create(
                state,
                run_id=run_id,
                now=utc_now,
                settings=_settings(request, configuration),
                on_error=on_error,
                prices=configuration.prices,
            )

        batch = Batch(
            found,
            request.settings,
            configuration,
            environ,
            sockets=sockets,
            ledger=_ledger(request, run_id),
            create_record=record,
        )
        try:
            end = batch.run()
            told = ending(found, end, run_id)
            locked.close()  # who reads the last lines slowly holds up no other command
            for line in summary_lines(told):
                batch.say(line)
        finally:
            was_told = batch.close()
    untold = [Outcome.FAILED] if not was_told and end.exit_code < EXHAUSTED_EXIT_CODE else []
    code = exit_code(untold) or end.exit_code
    page.add(of_end(told, code), configuration.configured.secrets)
    return code


def _look(request: BatchRequest) -> Survey:
    take_all = request.settings.take_all
    found = survey(request.project, request.kind, ids=request.ids, take_all=take_all)
    if request.retry_failed:
        failed = tuple(one for one in found.standings if one.has_failed)
        found = replace(found, standings=failed)
    return found


def _forget_spending(project: Project, kind: Kind) -> None:
    path = project.state.spending(kind)
    if path.exists():
        with project_lock(project.state.lock, now=utc_now):
            remove_ledger(path)


def _ledger(request: BatchRequest, run_id: str) -> SpendingLedger:
    path = request.project.state.spending(request.kind)
    if request.budget_reset:
        remove_ledger(path)
    return SpendingLedger(path, run_id)


def _settings(request: BatchRequest, configuration: Configuration) -> dict[str, object]:
    models = {
        "drafter": configuration.drafter.settings.name,
        "reviewer": configuration.reviewer.settings.name,
    }
    return {"kind": request.kind} | models | asdict(request.settings)


def _tidy_up(project: Project, run_id: str) -> None:
    """Close what killed runs left open, once their last children are gone; forget the oldest."""
    sweep_copies()
    runs = unclosed_runs(project.state)
    table = SystemProcesses(project.state)
    for child in await_survivors((child for run in runs for child in children(run)), table):
        aside(f"[COORDINATOR] {child.label} of an earlier run had to be killed")
    for run in runs:
        close_unclosed(run, closed_by=run_id)
        aside(f"[COORDINATOR] run {run.name} was cut off; its record is closed now")
    for failure in prune_runs(project.state, KEPT - 1).failures:  # and the one that begins
        aside(f"[COORDINATOR] {failure}; it stays")


def _print_nothing_to_do(found: Survey, nothing_there: str) -> None:
    if not found.standings:
        click.echo(f"Nothing to do: {nothing_there}.")
        return
    items = (skipped_item(standing, found) for standing in found.standings)
    click.echo(render_table([(one.label, one.told, one.document) for one in items]))
    click.echo("Nothing to do: every item is finished and unchanged; --again redoes them.")
    for sentence in advice(found.kind, (Outcome(one.state) for one in found.standings)):
        click.echo("\n".join(folded(sentence)))
