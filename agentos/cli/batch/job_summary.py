"""What a batch has to say on the page of a CI job: added to the file that the CI names for it."""

import os
import stat
from collections.abc import Iterable, Mapping

import click

from agentos.cli.batch.forecast import Forecast
from agentos.cli.batch.wiring import BatchEnd
from agentos.core.errors import AgentosError
from agentos.core.masking import Masker
from agentos.core.outcomes import Outcome
from agentos.core.terminal_text import printable
from agentos.reporting.status import Standing
from agentos.reporting.step_summary import StepSummary, advice, markdown
from agentos.reporting.summary import summary_line
from agentos.workspace.survey import Survey

VARIABLE = "GITHUB_STEP_SUMMARY"

_MOST_BYTES = 1024 * 1024
"""What GitHub takes for one step; of a longer file it shows nothing at all."""


class JobSummary:
    """The page of one command; where the variable is not set nothing is written."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get(VARIABLE, "")

    def add(self, summary: StepSummary, secrets: Iterable[str] = ()) -> None:
        """Append the summary without the secrets; a file that takes none is told, and no error."""
        if not self._path:
            return
        try:
            _append(self._path, summary, Masker(secrets))
        except OSError as error:
            why = error.strerror or type(error).__name__
            _warn(f"{VARIABLE} names {self._path}, to which no summary can be written: {why}")


def without_job_summary(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for what has nothing to say there."""
    return {name: value for name, value in environ.items() if name != VARIABLE}


def of_end(found: Survey, end: BatchEnd, run_id: str, exit_code: int) -> StepSummary:
    """What became of the items of a run."""
    labels = [standing.item.label for standing in found.standings]
    outcomes = {label: end.outcome_of(label) for label in labels}
    used = end.costs.total.describe()
    return StepSummary(
        summary_line(outcomes),
        {
            label: end.results[label].error or "no reason is recorded"
            for label, outcome in outcomes.items()
            if outcome is Outcome.FAILED
        },
        ("item", "title", "outcome", "document", "time", "used"),
        [_row(standing, found, end) for standing in found.standings],
        [
            *advice(_recorded(outcomes[one.item.label], one) for one in found.standings),
            *([f"Used: {used}"] if used else []),
            *end.remarks,
            f"Run {run_id}, exit code {exit_code}",
        ],
    )


def of_nothing_to_do(found: Survey, exit_code: int) -> StepSummary:
    """Where the items stand when none of them is due."""
    every = "every item is finished" if found.standings else "the backlog has no open item"
    return StepSummary(
        f"nothing to do: {every}",
        columns=("item", "title", "outcome", "document"),
        rows=[
            (one.item.label, one.item.title, one.describe(), found.index[one.item.label].document)
            for one in found.standings
        ],
        remarks=[
            *advice(Outcome(one.state) for one in found.standings),
            f"No run, exit code {exit_code}",
        ],
    )


def of_forecast(forecast: Forecast) -> StepSummary:
    """What a run would do."""
    return StepSummary(
        forecast.headline,
        columns=("item", "title", "what would happen", "what it would take"),
        rows=[(label, title, what, takes) for label, what, title, takes in forecast.rows],
        remarks=forecast.totals,
    )


def of_error(error: AgentosError) -> StepSummary:
    """Why there was no run."""
    remarks = [error.hint] if error.hint else []
    return StepSummary(str(error), remarks=[*remarks, f"No run, exit code {error.exit_code}"])


def _row(standing: Standing, found: Survey, end: BatchEnd) -> tuple[str, ...]:
    label, title = standing.item.label, standing.item.title
    outcome = end.outcome_of(label)
    if outcome is Outcome.SKIPPED:
        return label, title, f"skipped ({standing.describe()})", found.index[label].document, "", ""
    seconds = end.results[label].duration
    return (
        label,
        title,
        outcome.replace("_", " "),
        end.documents.get(label, ""),
        f"{seconds:.1f} s" if seconds else "not started",
        end.costs.item(label).describe(),
    )


def _recorded(outcome: Outcome, standing: Standing) -> Outcome:
    """A skipped item asks for what its recorded outcome asks for."""
    return Outcome(standing.state) if outcome is Outcome.SKIPPED else outcome


def _append(path: str, summary: StepSummary, masker: Masker) -> None:
    """Raises OSError, also for what is no regular file: a pipe may have no reader, ever."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    with os.fdopen(os.open(path, flags, 0o644), "ab") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "it is not a regular file")
        separator = b"\n" if status.st_size else b""
        room = _MOST_BYTES - status.st_size - len(separator)
        text = markdown(summary, masker.mask, room=room)
        if not text:
            raise OSError(None, f"it has no room left, as a CI shows {_MOST_BYTES:,} bytes at most")
        file.write(separator + text.encode())


def _warn(sentence: str) -> None:
    try:
        click.echo(printable(f"[COORDINATOR] {sentence}"), err=True)
    except OSError:
        return  # nobody reads stderr, and no exit code hangs on it
