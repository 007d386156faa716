"""Whom a key is for: the providers that take one."""

import difflib
from collections.abc import Iterable

from agentos.cli.questions import Questions, on_terminal
from agentos.core.config.credential_entries import checked_provider
from agentos.core.errors import UsageError
from agentos.core.providers import Provider

_COMMAND = "command"
_COMMANDS = f"{_COMMAND}/NAME"


def takers_of_keys(providers: Iterable[Provider]) -> list[str]:
    """Names of the providers that take a key; of commands each model has a name of its own."""
    return sorted(
        one.name
        for one in providers
        if one.name != _COMMAND and (one.needs_key or one.key_variable)
    )


def checked_taker(text: str, takers: list[str]) -> str:
    """The provider of that name, or `command/NAME`; raises UsageError, which repeats nothing."""
    checked_provider(text, "the key")
    provider, _, command = text.partition("/")
    if text in takers or (provider == _COMMAND and command and command != "NAME"):
        return text
    close = difflib.get_close_matches(provider.lower(), takers, n=1)
    raise UsageError(
        "there is no such provider that takes a key",
        (f"is {close[0]} meant? " if close else "") + f"there are: {_choices(takers)}",
    )


def ask_for_provider(name: str, takers: list[str]) -> str:
    """What somebody at a terminal says; raises UsageError where nobody is there or answers."""
    if not on_terminal():
        raise UsageError(
            f"it is not known whose key {name} is",
            f"say it with --provider; there are: {_choices(takers)}",
        )

    def read(answer: str) -> str:
        if not answer:
            raise UsageError(f"it is not known whose key {name} is", "nothing is stored")
        return checked_taker(answer, takers)

    # Without a default: a key that goes to the wrong provider is lost.
    return Questions().ask(f"Whose key is {name}? One of {_choices(takers)}", "", read)


def _choices(takers: list[str]) -> str:
    return ", ".join([*takers, _COMMANDS])
