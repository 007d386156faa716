"""What a batch would do, and what it would cost: the answer to --dry-run."""

from collections.abc import Mapping
from dataclasses import dataclass

import click

from agentos.cli.tables import render_table
from agentos.context.gather import gather_context
from agentos.core.calls import Request, RequestKind
from agentos.core.errors import ItemError
from agentos.core.items import Kind
from agentos.documents.code_context import render
from agentos.documents.templates import ISSUE_TEMPLATE, LLD_TEMPLATE, REVIEW_TEMPLATE
from agentos.item_runner import context_bytes, read_source
from agentos.models.catalog import ChosenModel
from agentos.models.prompt import join
from agentos.records.experience import past_experience
from agentos.reporting.estimate import Estimator, Range, Texts, Writer
from agentos.reporting.status import Standing
from agentos.workspace.configuration import REVIEW_ROUNDS, Configuration
from agentos.workspace.survey import Survey

_QUESTIONS = {
    Kind.LLD: (
        Request(RequestKind.DRAFT_LLD, template=LLD_TEMPLATE),
        Request(RequestKind.REVIEW_LLD, template=REVIEW_TEMPLATE),
    ),
    Kind.ISSUE: (
        Request(RequestKind.DRAFT_ISSUE, template=ISSUE_TEMPLATE),
        Request(RequestKind.REVIEW_ISSUE, template=REVIEW_TEMPLATE),
    ),
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """An answer to be shown: `rows` are label, what would happen, title, what it would take."""

    headline: str
    rows: tuple[tuple[str, str, str, str], ...]
    totals: tuple[str, ...]

    def show(self) -> None:
        """Put it on the screen."""
        click.echo(self.headline)
        if self.rows:
            click.echo(render_table(self.rows))
        for line in self.totals:
            click.echo(line)


def forecast(found: Survey, configuration: Configuration, *, again: bool) -> Forecast:
    """Each item with its title, what would happen to it, and what it would take."""
    due = [standing for standing in found.standings if standing.is_due(again=again)]
    takes = _estimates(found, configuration, due)
    rows = tuple(
        (
            standing.item.label,
            standing.forecast(again=again),
            standing.item.title,
            takes[standing.item.label].describe() if standing.item.label in takes else "",
        )
        for standing in found.standings
    )
    headline = f"Dry run: {len(due)} of {len(found.standings)} items would run."
    return Forecast(headline, rows, _totals(configuration, takes))


def _totals(configuration: Configuration, takes: Mapping[str, Range]) -> tuple[str, ...]:
    if not takes:
        return ()
    models = f"{configuration.drafter.settings.name} and {configuration.reviewer.settings.name}"
    told = [f"In total with {models}: {sum(takes.values(), Range()).describe()}"]
    if configuration.prices.date:
        told.append(f"Prices as of {configuration.prices.date}.")
    return tuple(told)


def _estimates(
    found: Survey, configuration: Configuration, due: list[Standing]
) -> dict[str, Range]:
    """By label; nothing where calls cost nothing."""
    models = (configuration.drafter, configuration.reviewer)
    if all(chosen.provider.is_free for chosen in models):
        return {}
    estimator = Estimator(
        drafter=_writer(configuration.drafter),
        reviewer=_writer(configuration.reviewer),
        prices=configuration.prices,
        rounds=REVIEW_ROUNDS,
        experience=past_experience(found.project.state, found.kind),
    )
    room = context_bytes(configuration.drafter.settings, configuration.reviewer.settings)
    drafting, reviewing = (len(join(one).whole.encode()) for one in _QUESTIONS[found.kind])
    takes = {}
    for standing in due:
        context, source = _sizes(found, standing, room)
        texts = Texts(drafting, reviewing, context, source, standing.last_step)
        takes[standing.item.label] = estimator.item(texts)
    return takes


def _writer(chosen: ChosenModel) -> Writer:
    settings = chosen.settings
    return Writer(settings.name, settings.max_output_tokens, chosen.provider.is_free)


def _sizes(found: Survey, standing: Standing, room: int) -> tuple[int, int]:
    """Bytes of the item's code context and source."""
    try:
        source = read_source(standing.item.source)
    except ItemError:
        source = b""  # it will fail before it costs anything
    text = source.decode("utf-8", "replace")
    context = render(gather_context(found.project.root, text, max_bytes=max(room - len(source), 0)))
    return len(context.encode()), len(source)
