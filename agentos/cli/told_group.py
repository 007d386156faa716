"""A group whose errors are told on the page of a CI job, too: they leave no other record."""

import os

import click

from agentos.cli.lazy_group import LazyGroup
from agentos.cli.usage_errors import explained
from agentos.core.errors import AgentosError

_TYPED = f"{__name__}.typed"


class ToldGroup(LazyGroup):
    """Whatever a command below it raises is added to the page, and goes on its way."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed: of that a sentence may repeat no key."""
        ctx.meta[_TYPED] = [*args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            _tell(explained(error, ctx.meta[_TYPED]))
            raise
        except AgentosError as error:
            _tell(error)
            raise


def _tell(error: AgentosError | click.ClickException) -> None:
    # Not when Tab is pressed.
    from agentos.cli.batch.job_summary import JobSummary, of_error  # noqa: PLC0415

    page = JobSummary(os.environ)
    if page:
        # Knows every provider, and so takes its time to import.
        from agentos.cli.known_secrets import readable_secrets  # noqa: PLC0415

        page.add(of_error(error), readable_secrets(os.environ))
