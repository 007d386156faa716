"""The results as a table for people and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.keys.contest import OURS, Result, Round
from benchmarks.tables import percent
from benchmarks.tables import table as in_columns

_HEADINGS = ("scenario", "strategy", "utilisation", "wasted", "ahead by", "asked", "met")


def table(rounds: Sequence[Round]) -> str:
    """A line for each strategy in each scenario.

    `ahead by` is in percentage points of utilisation; it and a baseline's waste tell what ours is
    worth. What is asked are the least utilisation and the most waste.
    """
    rows = [_HEADINGS, *(row for one in rounds for row in _rows(one))]
    return in_columns(rows, right={2, 3, 4})


def summary(rounds: Sequence[Round]) -> str:
    """How many scenarios are as they are asked to be, and how fast each strategy decides."""
    met = sum(one.is_met for one in rounds)
    lines = [f"{OURS} does what is asked in {met} of {len(rounds)} scenarios."]
    for name, results in _by_strategy(rounds).items():
        made = sum(one.served + one.refused for one in results)
        seconds = sum(one.seconds for one in results)
        each = sum(one.deciding for one in results) / max(1, made)
        lines.append(
            f"{name}: {made:,} calls, {made / max(seconds, 1e-9):,.0f} a second of the simulation, "
            f"{each * 1e6:,.0f} us to decide on each"
        )
    return "\n".join(lines) + "\n"


def as_json(rounds: Sequence[Round], seed: int, minutes: float) -> dict[str, Any]:
    """All of it; shares are of 1. Real times are in `seconds` and `deciding`, and vary."""
    return {
        "seed": seed,
        "simulated_minutes": minutes,
        "scenarios": [
            {
                "scenario": one.results[0].scenario,
                "asked": asdict(one.goal),
                "met": one.is_met,
                "results": [_result(result, one.results[0]) for result in one.results],
            }
            for one in rounds
        ],
    }


def _rows(one: Round) -> Iterable[tuple[str, ...]]:
    ours = one.results[0]
    for result in one.results:
        is_ours = result is ours
        yield (
            result.scenario if is_ours else "",
            result.strategy,
            percent(result.utilisation),
            percent(result.waste),
            "" if is_ours else f"{(ours.utilisation - result.utilisation) * 100:+.1f}",
            f"{one.goal.utilisation:.0%} / {one.goal.waste:.0%}" if is_ours else "",
            ("yes" if one.is_met else "no") if is_ours else "",
        )


def _result(result: Result, ours: Result) -> dict[str, Any]:
    values = asdict(result)
    del values["scenario"]
    return values | {"ahead_by": ours.utilisation - result.utilisation}


def _by_strategy(rounds: Sequence[Round]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for one in rounds:
        for result in one.results:
            found.setdefault(result.strategy, []).append(result)
    return found
