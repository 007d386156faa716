"""What each end of a `parallel` command has to say on the page of a CI job."""

from agentos.cli.batch.ending import Ending, skipped_item
from agentos.cli.batch.forecast import Forecast
from agentos.core.outcomes import Outcome
from agentos.reporting.advice import advice
from agentos.reporting.step_summary import StepSummary
from agentos.workspace.survey import Survey


def of_end(end: Ending, exit_code: int) -> StepSummary:
    """What became of the items of a run."""
    return StepSummary(
        end.headline,
        {
            one.label: one.reason or "no reason is recorded"
            for one in end.items
            if one.outcome is Outcome.FAILED
        },
        ("item", "title", "outcome", "document", "time", "used"),
        [(one.label, one.title, one.told, one.document, one.time, one.used) for one in end.items],
        [*end.advice, *end.remarks, f"Run {end.record.name}, exit code {exit_code}"],
    )


def of_nothing_to_do(found: Survey, nothing_there: str, exit_code: int) -> StepSummary:
    """Where the items stand when none of them is due, or what it means that there are none."""
    every = "every item is finished" if found.standings else nothing_there
    return StepSummary(
        f"nothing to do: {every}",
        columns=("item", "title", "outcome", "document"),
        rows=[
            (one.label, one.title, one.told, one.document)
            for one in (skipped_item(standing, found) for standing in found.standings)
        ],
        remarks=[
            *advice(found.kind, (Outcome(one.state) for one in found.standings)),
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
