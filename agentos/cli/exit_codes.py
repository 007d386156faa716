"""What the exit codes mean: said here once, shown by each --help for what its command can give."""

from collections.abc import Mapping
from types import MappingProxyType

MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        0: "every item approved, or nothing to do",
        1: "at least one item failed, or output or record could not be written",
        2: "usage, configuration or trust",
        3: "none failed, at least one needs revision",
        4: "stopped because credentials or budget ran out",
        70: "an error of our own; a report file is named",
        130: "Ctrl-C (128 + the number of whatever signal it was)",
    }
)
"""Of a command that works on items; others give 0, 1 and 2 a meaning of their own."""

_OF_ANY_COMMAND = (70, 130)
_NO_OUTPUT = "the output could not be written"

IN_A_GROUP = "The exit codes are in the --help of each command, and in `agentos --help`."
"""Ends the --help of a group."""


def all_exit_codes() -> str:
    """The whole table."""
    return _table(MEANINGS)


def exit_codes_of_items() -> str:
    """What a command can give that works on items."""
    return _own_table({code: MEANINGS[code] for code in MEANINGS if code not in _OF_ANY_COMMAND})


def exit_codes(*, done: str, failed: str = "") -> str:
    """What any other command can give; `done` says what 0 means, `failed` what else 1 does."""
    failures = f"{failed}, or {_NO_OUTPUT}" if failed else _NO_OUTPUT
    return _own_table({0: done, 1: failures, 2: MEANINGS[2]})


def _own_table(meanings: Mapping[int, str]) -> str:
    others = " and ".join(map(str, _OF_ANY_COMMAND))
    return f"{_table(meanings)}  {others} as in `agentos --help`\n"


def _table(meanings: Mapping[int, str]) -> str:
    lines = (f"  {code:<5}{meaning}\n" for code, meaning in meanings.items())
    return "\b\nExit codes:\n" + "".join(lines)
