"""Options that several commands share, and how their values are checked."""

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentos.cli.completion.hooks import complete_folder, complete_model
from agentos.cli.usage_errors import could_be_key
from agentos.core.errors import UsageError

if TYPE_CHECKING:
    from agentos.workflows.parallel.halt import HaltRule

_LONGEST = 365 * 24 * 3600.0

DEFAULT_GRACE = 3.0
DEFAULT_TIMEOUT = 30 * 60.0
DEFAULT_IDLE_TIMEOUT = 10 * 60.0
DEFAULT_RETRIES = 2


class Seconds(click.ParamType[float]):
    """A number of seconds, from `least` to a year: no clock of the system has room for all.

    `why_not_less` says what would be wrong with less, without a full stop.
    """

    name = "seconds"

    def __init__(self, least: float, *, why_not_less: str = "") -> None:
        self._least = least
        self._why_not_less = why_not_less

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Parse it, or fail with a sentence."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        if seconds < self._least and self._why_not_less:
            self.fail(f"{value!r} is less than {self._least:g}: {self._why_not_less}", param, ctx)
        if not self._least <= seconds <= _LONGEST:
            self.fail(
                f"{value!r} is not a number of seconds from {self._least:g} to {_LONGEST:g}",
                param,
                ctx,
            )
        return seconds


class HaltOption(click.ParamType["HaltRule"]):
    """When to end a run that goes wrong."""

    name = "halt"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "HaltRule":
        """Parse it, or fail with a sentence."""
        from agentos.workflows.parallel.halt import HaltRule  # noqa: PLC0415 - not for Tab

        if isinstance(value, HaltRule):
            return value
        try:
            return HaltRule.parse(value)
        except ValueError as error:
            self.fail(f"{value!r} is {error}", param, ctx)


class Choice(click.Choice[str]):
    """One of some words; whoever mistypes one is told which is close."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """The sentence about a word that there is not."""
        close = difflib.get_close_matches(str(value), self.choices, n=1)
        sentence = super().get_invalid_choice_message(value, ctx)
        return f"{sentence} Did you mean {close[0]!r}?" if close else sentence


project_option = click.option(
    "--project",
    type=click.Path(path_type=Path, readable=False),
    default=Path(),
    show_default="this folder",
    metavar="DIR",
    shell_complete=complete_folder,
    help="The project: the folder that holds issues/ and ideas/.",
)

again_option = click.option(
    "--again", is_flag=True, help="Redo items that are finished and unchanged, too."
)

grace_option = click.option(
    "--grace",
    type=Seconds(0),
    default=DEFAULT_GRACE,
    show_default=True,
    metavar="S",
    help="Seconds that a model call in flight may still take after Ctrl-C.",
)


drafter_option = click.option(
    "--drafter",
    metavar="MODEL",
    shell_complete=complete_model,
    help="The model that writes, such as anthropic/NAME.  [default: embedded]",
)

reviewer_option = click.option(
    "--reviewer",
    metavar="MODEL",
    shell_complete=complete_model,
    help="The model that reviews.  [default: the drafter]",
)

budget_option = click.option(
    "--budget",
    metavar="USD",
    help="What all calls together may cost at the most.  [default: no limit]",
)

max_tokens_option = click.option(
    "--max-tokens",
    metavar="N",
    help="How many tokens all calls together may take at the most.  [default: no limit]",
)


def safe_identifier(text: str) -> str:
    """An id as a user typed it; raises UsageError for one that could not be an item's."""
    # Not for every command, and not when Tab is pressed.
    from agentos.workflows.parallel import sanitize_identifier  # noqa: PLC0415

    try:
        return sanitize_identifier(text)
    except ValueError as error:
        sentence = str(error)
        if could_be_key(text) and not text.endswith(".md"):  # it quotes a long one in part
            sentence = re.sub('".*"', "...", sentence)
        raise UsageError(sentence, "`agentos status` lists the items there are") from None
