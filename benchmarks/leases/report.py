"""The results as a table for people and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.leases.trial import Result
from benchmarks.machine import Machine
from benchmarks.tables import table

_HEADINGS = ("situation", "leases/s", "median", "p90", "p99", "longest", "relayed", "asked", "met")
_NUMBERS = range(1, 7)


def as_table(results: Sequence[Result]) -> str:
    """A line for each situation; times are in milliseconds."""
    return table([_HEADINGS, *map(_row, results)], right=_NUMBERS)


def as_json(results: Sequence[Result], machine: Machine) -> dict[str, Any]:
    """All of it, in seconds and bytes."""
    return {
        "machine": asdict(machine),
        "situations": [
            {"name": one.situation.name, "met": one.is_met, **asdict(one)} for one in results
        ],
    }


def _row(result: Result) -> tuple[str, ...]:
    goal = result.situation.goal
    return (
        result.situation.name,
        f"{result.leases / result.seconds:,.0f}",
        _milliseconds(result.median),
        _milliseconds(result.p90),
        _milliseconds(result.p99),
        _milliseconds(result.longest),
        f"{result.relayed / 1e6:,.0f} MB/s" if result.relayed else "",
        f"{goal.median * 1e3:g} / {goal.p99 * 1e3:g} ms" if goal else "",
        ("yes" if result.is_met else "no") if goal else "",
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"
