"""The results as a table for people and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.keys_live.trial import Result
from benchmarks.machine import Machine
from benchmarks.tables import percent, table

_HEADINGS = ("scenario", "seconds", "served", "refused", "utilisation", "wasted", "demand")
_ASKED = ("asked", "met")


def as_table(results: Sequence[Result]) -> str:
    """A line for each scenario.

    `demand` is in times of what is allowed. What is asked are the least utilisation and the most
    waste.
    """
    rows = [(*_HEADINGS, *_ASKED), *map(_row, results)]
    return table(rows, right=range(1, len(_HEADINGS)))


def as_json(results: Sequence[Result], seed: int, machine: Machine) -> dict[str, Any]:
    """All of it; shares are of 1."""
    return {
        "seed": seed,
        "machine": asdict(machine),
        "scenarios": [{**asdict(one), "met": one.is_met} for one in results],
    }


def _row(result: Result) -> tuple[str, ...]:
    return (
        result.scenario,
        f"{result.seconds:.0f}",
        f"{result.served:,}",
        f"{result.refused:,}",
        percent(result.utilisation),
        percent(result.waste),
        f"{result.demand:.1f}",
        f"{result.goal.utilisation:.0%} / {result.goal.waste:.0%}",
        "yes" if result.is_met else "no",
    )
