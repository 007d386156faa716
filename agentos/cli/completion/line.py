"""A command line that has begun: which words it has, and where the cursor is."""

import re
from dataclasses import dataclass

from click.shell_completion import split_arg_string

_ASSIGNMENT = re.compile(r"\w+=")  # NAME=value before a command
_END = "\0"  # no environment can hold it


@dataclass(frozen=True, slots=True)
class Typed:
    """What the line says: whole words before the cursor, the word at the cursor up to it, the rest.

    `words` begin after the name of the command.
    """

    words: tuple[str, ...]
    started: str
    rest: tuple[str, ...] = ()


def typed_in(before: str, line: str) -> Typed:
    """Take a line apart as a shell does; quotes that are still open are fine.

    >>> typed_in("agentos lld 'dark m", "agentos lld 'dark m").started
    'dark m'
    """
    *words, last = split_arg_string(_joined(before) + _END)
    after = split_arg_string(_joined(line.removeprefix(before))) if line.startswith(before) else []
    while words and _ASSIGNMENT.match(words[0]):
        del words[0]
    return Typed(tuple(words[1:]), last.removesuffix(_END), tuple(after))


def _joined(text: str) -> str:
    return text.replace("\\\n", "")
