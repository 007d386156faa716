"""What is left to a person when a run has ended, a sentence for each; screens and pages read it."""

import textwrap
from collections.abc import Iterable, Mapping

from agentos.core.items import Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import ACTIVE_BRIEFS, ISSUES

TO_GO_ON: Mapping[str, str] = {
    "budget": "to go on, give a higher limit; --budget-reset forgets what a batch has spent",
    "disk": (
        "to go on, make the project's state folder writable again (a full disk needs room), and run"
        " the command again"
    ),
    "credentials": "to go on, add a credential that works, and run the command again",
}
"""By what an item was stopped by (`core.events.Reported`)."""

_UNTIL_BACK = (
    "to go on, add a credential that works, or run the command again after {time}, when a quota"
    " that is used up is tried again; if it may be back before, type: agentos credentials test"
)

_SOURCES = {
    Kind.LLD: f"the issue's file in {ISSUES}/",
    Kind.ISSUE: f"the brief's file in {ACTIVE_BRIEFS}/",
}
_FAILED = (
    "failed: the reason stands above, and more in the item's log in the record of the run; mend it"
    " and type the same command again, which repeats no finished step"
)
_INTERRUPTED = (
    "interrupted: type the same command again; it goes on after the last finished step, as long as"
    " the project's state folder is kept"
)
_WIDTH = 80
"""Columns of the narrowest screen on which a sentence is read at ease."""


def to_revise(kind: Kind) -> str:
    """What to do about documents that need revision."""
    return (
        "needs revision: the document says under its title what is missing; write that into"
        f" {_SOURCES[kind]} and type the same command again"
    )


def to_go_on(cause: str, first_back: str = "") -> str:
    """What to do where one of the keys of `TO_GO_ON` holds.

    `first_back` is the time of day at which a used-up quota is tried again; empty without one.
    """
    if cause == "credentials" and first_back:
        return _UNTIL_BACK.format(time=first_back)
    return TO_GO_ON[cause]


def advice(
    kind: Kind, outcomes: Iterable[Outcome], ran_out: Iterable[str] = (), first_back: str = ""
) -> list[str]:
    """What to do next, a sentence for each outcome that asks for something.

    `ran_out` are the keys of `TO_GO_ON` that hold: the same command alone would not go on.
    `first_back` is as in `to_go_on`.
    """
    ended = set(outcomes)
    causes = sorted(TO_GO_ON.keys() & set(ran_out))
    told = {Outcome.NEEDS_REVISION: to_revise(kind), Outcome.FAILED: _FAILED}
    if not causes:
        told[Outcome.INTERRUPTED] = _INTERRUPTED
    sentences = [sentence for outcome, sentence in told.items() if outcome in ended]
    return sentences + [to_go_on(cause, first_back) for cause in causes]


def folded(sentence: str) -> list[str]:
    """The sentence as lines of a screen, those after the first set in; a word stays whole."""
    return textwrap.wrap(
        sentence,
        _WIDTH,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
