"""Runs: one that goes on right now, and what killed ones have left."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from agentos.core.errors import AgentosError
from agentos.core.items import Kind
from agentos.diagnosis.finding import Finding, ok, warning
from agentos.diagnosis.state_files import is_followed
from agentos.diagnosis.surroundings import Surroundings
from agentos.records.history import children, supervisor, unclosed_runs
from agentos.records.project_lock import current_holder, is_held_by_nobody_known
from agentos.records.survivors import SystemProcesses, goes_on
from agentos.workspace.survey import Survey, has_backlog, survey

_MOST_NAMED = 4


def check_lock(surroundings: Surroundings) -> Iterator[Finding]:
    """Who works on the project right now."""
    state = surroundings.project.state
    if holder := current_holder(state.lock):
        yield _going_on(f"a run is going on: {holder}", holder.pid)
    elif is_held_by_nobody_known(state.lock):
        told = f"a run is going on, but {surroundings.name(state.lock)} does not say whose it is"
        runs = filter(None, map(supervisor, unclosed_runs(state)))
        process = next(filter(goes_on, runs), None)
        yield _going_on(told, process.pid if process else None)
    else:
        yield ok("lock", "no run is going on")


def check_leftovers(surroundings: Surroundings) -> Iterator[Finding]:
    """Records that nobody closed, children that nobody ended, items that are half done."""
    state = surroundings.project.state
    if is_followed(state):
        return
    if current_holder(state.lock) or is_held_by_nobody_known(state.lock):
        yield ok("leftovers", "not looked at while a run is going on")
        return
    surveys: dict[Kind, Survey] = {}
    for kind in Kind:
        with suppress(AgentosError):  # the look at the backlog tells
            if has_backlog(surroundings.project, kind):
                surveys[kind] = survey(surroundings.project, kind, take_all=True)
    runs = [run for run in unclosed_runs(state) if not _goes_on(run)]
    resume = _resume(surroundings, surveys)
    findings = [
        *_cut_off(runs, resume),
        *_survivors(runs, surroundings, resume),
        *_half_done(surroundings, surveys),
    ]
    yield from findings or [ok("leftovers", "no run was cut off, no item is half done")]


def _going_on(told: str, pid: int | None) -> Finding:
    if pid is None:
        return warning("lock", told, hint="wait for its end")
    hint = "wait for its end, or stop it, which loses nothing"
    return warning("lock", told, hint=hint, command=f"kill -INT {pid}")


def _goes_on(run: Path) -> bool:
    process = supervisor(run)
    return process is not None and goes_on(process)


def _resume(surroundings: Surroundings, surveys: Mapping[Kind, Survey]) -> str:
    """The command that has something to do, and tidies up first; empty where there is nothing."""
    for kind, found in surveys.items():
        if any(standing.is_due() for standing in found.standings):
            return surroundings.agentos("parallel", kind, "--all")
    return ""


def _cut_off(runs: Sequence[Path], resume: str) -> Iterator[Finding]:
    if not runs:
        return
    last = runs[-1].name
    told = f"run {last} was cut off" if len(runs) == 1 else f"{len(runs)} runs, last {last}"
    told += "" if len(runs) == 1 else ", were cut off"
    if resume:
        yield warning("leftovers", f"{told}; the next closes its record", command=resume)
    else:
        yield ok("leftovers", f"{told} after its last item; the next closes its record")


def _survivors(runs: Sequence[Path], surroundings: Surroundings, resume: str) -> Iterator[Finding]:
    table = SystemProcesses(surroundings.project.state)
    for child in (child for run in runs for child in children(run) if table.is_alive(child)):
        yield warning(
            "leftovers",
            f"{child.label} of a run that was cut off still runs, as process {child.pid}",
            hint="the next run waits for it, and ends it after 5 seconds",
            command=resume or f"kill {child.pid}",
        )


def _half_done(surroundings: Surroundings, surveys: Mapping[Kind, Survey]) -> Iterator[Finding]:
    for kind, found in surveys.items():
        labels = [standing.item.label for standing in found.standings if standing.last_step]
        if labels:
            named = ", ".join(labels[:_MOST_NAMED]) + (", ..." if len(labels) > _MOST_NAMED else "")
            many = f"{len(labels)} items are" if len(labels) > 1 else "1 item is"
            yield warning(
                "leftovers",
                f"{many} half done: {named}",
                command=surroundings.agentos("parallel", kind, "--all"),
            )
