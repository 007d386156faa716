"""A key that was typed as an argument: never repeated, and its owner is told what to do."""

import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import pairwise

import click

from agentos.cli.lazy_group import LazyGroup
from agentos.core.config.credential_places import entries_of_all_places
from agentos.core.errors import ConfigError, UsageError
from agentos.core.paths import user_config_folder

# How keys of the vendors begin, or so many letters and digits as no name has.
_LOOKS_LIKE_KEY = re.compile(
    r"^(sk|pk|rk|gsk|xai|hf|AIza|Bearer)[-_ A-Z](?=.*[0-9]).{16}"
    r"|(?=\w*[0-9])(?=\w*[A-Za-z])[A-Za-z0-9]{24}"
)

_FREE = ("--model", "--project")
"""Options whose values may look like anything."""

_OF_THOSE_THERE = ("test", "remove")
"""Commands that take the name of a credential that there is."""

_FOR_KEYS = re.compile(r"--?(api-?)?(k|key|secret|token|password|value)(=.*)?", re.IGNORECASE)
"""Options by which other programs take a key."""

_REVOKE = "it is in the shell's history now, and others may have seen it: revoke it at its provider"


def looks_like_key(word: str) -> bool:
    """Whether that, or what stands behind its `=`, is a key rather than any name."""
    return any(map(_LOOKS_LIKE_KEY.search, word.split("=")))


def holds_key(words: Sequence[str], names: Collection[str] = ()) -> bool:
    """Whether one of a command line's words looks like a key, and is not one of the names."""
    return any(
        looks_like_key(word)
        for before, word in pairwise(("", *words))
        if before not in _FREE and word not in names and not word.startswith(_FREE)
    )


class CarefulGroup(LazyGroup):
    """A group whose commands are not run with what looks like a key."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it; raises UsageError, which repeats nothing."""
        if not ctx.resilient_parsing and holds_key(args, _names_meant(args)):
            raise UsageError(
                "that looks like a key, and a key is never typed as an argument",
                f"{_REVOKE}, and give its successor to: agentos credentials add NAME",
            )
        return super().parse_args(ctx, args)


def _names_meant(args: Sequence[str]) -> frozenset[str]:
    """Names that are there already, where the command takes one of those."""
    if not args or args[0] not in _OF_THOSE_THERE or not holds_key(args):
        return frozenset()
    with suppress(ConfigError):
        folder = user_config_folder(os.environ)
        return frozenset(entry.name for entry in entries_of_all_places(os.environ, folder))
    return frozenset()


class CarefulCommand(click.Command):
    """A command that takes a key, and not as an argument: what is too much could be one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it; raises UsageError, which repeats nothing."""
        words = list(args)
        if not ctx.resilient_parsing and any(map(_FOR_KEYS.fullmatch, words)):
            raise _no_place_for_keys()
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if type(error) is click.UsageError:  # of words that no argument takes
                raise _no_place_for_keys() from None
            raise


def _no_place_for_keys() -> UsageError:
    return UsageError(
        "`agentos credentials add` takes one NAME, and asks for the key itself",
        f"if you typed a key, {_REVOKE}; then type: agentos credentials add NAME",
    )
