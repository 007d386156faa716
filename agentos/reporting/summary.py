"""A run in one line and in one number. Pure: outcomes in, text and exit code out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from agentos.core.outcomes import Outcome

EXHAUSTED_EXIT_CODE = 4
FAILED_EXIT_CODE = 1
NEEDS_REVISION_EXIT_CODE = 3

RUNS_OUT = frozenset({"budget", "credentials"})
"""Of what an item can be stopped by (`core.events.Reported`), what there was too little of."""

_NAMED = (Outcome.FAILED, Outcome.INTERRUPTED)
_PHRASES: Mapping[Outcome, Callable[[int], str]] = {
    Outcome.APPROVED: lambda _: "approved",
    Outcome.NEEDS_REVISION: lambda count: "needs revision" if count == 1 else "need revision",
    Outcome.FAILED: lambda _: "failed",
    Outcome.INTERRUPTED: lambda _: "interrupted",
    Outcome.SKIPPED: lambda _: "skipped",
}


def tally(outcomes: Iterable[Outcome]) -> Mapping[Outcome, int]:
    """How many there are of each, all five named, in the order in which they are told."""
    counts = Counter(outcomes)
    return {outcome: counts[outcome] for outcome in _PHRASES}


def summary_line(results: Mapping[str, Outcome]) -> str:
    """`8 approved, 2 need revision, 1 failed (LLD-42)`, from outcomes by label."""
    parts = []
    for outcome, count in tally(results.values()).items():
        if count:
            names = [label for label, ended in results.items() if ended is outcome]
            suffix = f" ({', '.join(names)})" if outcome in _NAMED else ""
            parts.append(f"{count} {_PHRASES[outcome](count)}{suffix}")
    return ", ".join(parts) or "nothing to do"


def progress_line(done: int, total: int, width: int = 10) -> str:
    """`[=====>    ] 5/10 workflows complete`; the bar has `width` characters."""
    filled = width * done // total if done < total else width
    bar = ("=" * filled + ">").ljust(width)[:width]
    return f"[{bar}] {done}/{total} workflows complete"


def exit_code(
    outcomes: Iterable[Outcome],
    *,
    signal: int | None = None,
    exhausted: bool = False,
    output_failed: bool = False,
) -> int:
    """What the command returns, by precedence; a skipped item counts as its document stands.

    An item that was interrupted though no signal came did not get done: that is no success. Nor is
    it one where the console, or the run's record, did not take all (`output_failed`).
    """
    ended = set(outcomes)
    if signal is not None:
        return 128 + signal
    if exhausted:
        return EXHAUSTED_EXIT_CODE
    if output_failed or ended & {Outcome.FAILED, Outcome.INTERRUPTED}:
        return FAILED_EXIT_CODE
    if Outcome.NEEDS_REVISION in ended:
        return NEEDS_REVISION_EXIT_CODE
    return 0
