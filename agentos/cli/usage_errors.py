"""What is told of a command line that cannot be understood: what was meant, and never a key."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import click

from agentos.cli.wrong_ways import what_was_meant
from agentos.core.errors import BacklogError
from agentos.core.masking import Masker
from agentos.core.terminal_text import printable

_SHORTEST_KEY = 16
_WORDS = re.compile(r"-{0,2}[a-z_-]{1,32}")  # plainer than any key


def explained(error: click.ClickException, arguments: Sequence[str]) -> click.ClickException:
    """The error with a sentence that can be shown; `arguments` are what was typed."""
    if not isinstance(error, click.UsageError) or isinstance(
        error, click.exceptions.NoArgsIsHelpError
    ):
        return error
    message = without_keys(what_was_meant(error) or error.format_message(), arguments)
    return click.UsageError(printable(message), error.ctx)


def without_keys(message: str, arguments: Sequence[str]) -> str:
    """`message` without those of the arguments that could be keys: `...` in their place."""
    words = {part for argument in arguments for part in _parts(argument)}
    for word in sorted(words, key=len, reverse=True):
        if could_be_key(word):
            message = message.replace(word, "...").replace(repr(word)[1:-1], "...")
    return message


def could_be_key(word: str) -> bool:
    """Whether it is as long and as mixed as keys are."""
    return len(word) >= _SHORTEST_KEY and not _WORDS.fullmatch(word)


@contextmanager
def without_typed_keys(items: Sequence[str], environ: Mapping[str, str]) -> Iterator[None]:
    """Of an item that there is not, no sentence repeats what could be a key or is a known one."""
    try:
        yield
    except BacklogError as error:
        # Knows every provider, and so takes its time to import.
        from agentos.cli.known_secrets import repeated_secrets  # noqa: PLC0415

        mask = Masker(repeated_secrets(environ)).mask
        error.args = (without_keys(mask(str(error)), items),)
        error.hint = without_keys(mask(error.hint), items)
        raise


def _parts(argument: str) -> set[str]:
    """The argument, and what it may be made of: `--option=value`, `-ovalue`."""
    attached = argument[2:] if argument.startswith("-") else ""
    return {argument, attached, *argument.split("=")}
