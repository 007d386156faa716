"""A batch from the wish to the exit code: look, lock, tidy up, run, tell."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from agentos.cli.project import Project, check_outputs
from agentos.cli.survey import DEFAULT_MODEL, Survey, survey
from agentos.cli.tables import render_table
from agentos.cli.wiring import Batch, BatchEnd, BatchSettings
from agentos.core.clock import utc_now
from agentos.core.config import CredentialSet, load_credentials
from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import user_config_folder
from agentos.core.terminal_text import printable
from agentos.models.registry import load_model
from agentos.records.history import children, close_unclosed, unclosed_runs
from agentos.records.project_lock import project_lock
from agentos.records.run_folder import RunFolder, new_run_id
from agentos.records.state_folder import prepare_state
from agentos.records.survivors import await_survivors
from agentos.reporting.status import Standing
from agentos.reporting.summary import EXHAUSTED_EXIT_CODE, exit_code, summary_line
from agentos.workflows.parallel.socket_folder import remove_socket_folder, socket_folder


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a user asked for, checked as far as it can be without looking at the backlog."""

    project: Project
    kind: Kind
    ids: tuple[str, ...]
    take_all: bool
    settings: BatchSettings


def run_batch(request: BatchRequest, *, dry_run: bool, environ: Mapping[str, str]) -> int:
    """Run it, or say what it would do; gives the exit code.

    Raises UsageError before anything is written.
    """
    credentials = load_credentials(environ, user_config_folder(environ))
    check_outputs(request.project, request.kind)
    found = _look(request)
    for notice in found.notices:
        click.echo(printable(notice), err=True)
    if dry_run:
        _print_forecast(found, again=request.settings.again)
        return 0
    if not any(standing.is_due(again=request.settings.again) for standing in found.standings):
        _print_nothing_to_do(found)
        return exit_code(Outcome(standing.state) for standing in found.standings)

    # What is set up wrongly is told before anything is written to the project.
    load_model(DEFAULT_MODEL, environ)
    sockets = socket_folder(environ)
    try:
        return _run(request, credentials, environ, sockets)
    finally:
        remove_socket_folder(sockets)


def _run(
    request: BatchRequest, credentials: CredentialSet, environ: Mapping[str, str], sockets: Path
) -> int:
    state = request.project.state
    prepare_state(state, request.project.root)
    with project_lock(state.lock, now=utc_now):
        run_id = new_run_id(utc_now())
        _tidy_up(request.project, run_id)
        found = _look(request)  # what it is now that nobody else writes

        def record(on_error: Callable[[OSError], None]) -> RunFolder:
            return RunFolder.create(
                state, run_id=run_id, now=utc_now, settings=_settings(request), on_error=on_error
            )

        settings = request.settings
        batch = Batch(found, settings, credentials, environ, sockets=sockets, create_record=record)
        try:
            end = batch.run()
            for line in _summary(found, end, run_id):
                batch.say(line)
        finally:
            was_told = batch.close()
    untold = [Outcome.FAILED] if not was_told and end.exit_code < EXHAUSTED_EXIT_CODE else []
    return exit_code(untold) or end.exit_code


def _look(request: BatchRequest) -> Survey:
    return survey(request.project, request.kind, ids=request.ids, take_all=request.take_all)


def _settings(request: BatchRequest) -> dict[str, object]:
    return {"kind": request.kind} | asdict(request.settings)


def _tidy_up(project: Project, run_id: str) -> None:
    """Close what killed runs left open, once their last children are gone."""
    runs = unclosed_runs(project.state)
    for child in await_survivors(child for run in runs for child in children(run)):
        click.echo(f"[COORDINATOR] {child.label} of an earlier run had to be killed", err=True)
    for run in runs:
        close_unclosed(run, closed_by=run_id)
        click.echo(f"[COORDINATOR] run {run.name} was cut off; its record is closed now", err=True)


def _print_forecast(found: Survey, *, again: bool) -> None:
    due = [standing for standing in found.standings if standing.is_due(again=again)]
    click.echo(f"Dry run: {len(due)} of {len(found.standings)} items would run.")
    rows = [(s.item.label, s.forecast(again=again), s.item.title) for s in found.standings]
    if rows:
        click.echo(render_table(rows))


def _print_nothing_to_do(found: Survey) -> None:
    if not found.standings:
        click.echo("Nothing to do: the backlog has no open item.")
        return
    click.echo(render_table([(s.item.label, s.forecast(), s.item.title) for s in found.standings]))
    click.echo("Nothing to do: every item is finished; --again redoes them.")


def _summary(found: Survey, end: BatchEnd, run_id: str) -> list[str]:
    rows = [_summary_row(standing, found, end) for standing in found.standings]
    outcomes = {
        standing.item.label: end.outcome_of(standing.item.label) for standing in found.standings
    }
    return [
        "",
        *render_table(rows).splitlines(),
        "",
        summary_line(outcomes),
        *(f"documents: {printable(str(folder))}" for folder in _folders(found, end)),
        f"record: {printable(str(found.project.state.runs / run_id))}",
    ]


def _folders(found: Survey, end: BatchEnd) -> list[Path]:
    """Where the documents of this run lie."""
    return sorted({(found.project.root / document).parent for document in end.documents.values()})


def _summary_row(standing: Standing, found: Survey, end: BatchEnd) -> tuple[str, ...]:
    label = standing.item.label
    outcome = end.outcome_of(label)
    if outcome is Outcome.SKIPPED:
        return label, f"skipped ({standing.describe()})", found.index[label].document, ""
    result = end.results[label]
    seconds = f"{result.duration:.1f} s" if result.duration else "not started"
    return label, outcome.replace("_", " "), end.documents.get(label) or result.error or "", seconds
