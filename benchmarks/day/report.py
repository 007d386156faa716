"""The figures for people, and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any

from benchmarks.day.day import Figures
from benchmarks.day.watch import MOST_OVERTAKING


def table(figures: Figures) -> str:
    """A line for each."""
    rows = (
        ("items finished", f"{figures.items:,}"),
        ("simulated hours", f"{figures.hours:.1f}"),
        ("runs", f"{figures.runs} ({figures.runs_out_of_keys} ended since no key was left)"),
        ("calls", f"{figures.calls:,}"),
        ("answered", f"{figures.answered:,}"),
        ("refused", f"{sum(figures.refused.values()):,} ({_told(figures.refused)})"),
        ("lost with their child", f"{figures.lost:,}"),
        ("children", f"{sum(figures.children.values()):,} ({_told(figures.children)})"),
        ("closed for good", f"{figures.closures} times"),
        ("longest wait", f"{figures.longest_wait:,.0f} s"),
        ("most overtaken", f"{figures.most_overtaken} of {MOST_OVERTAKING} allowed"),
        ("real seconds", f"{figures.seconds:.0f}"),
    )
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name.ljust(width)}  {value}\n" for name, value in rows)


def as_json(figures: Figures, seed: int) -> dict[str, Any]:
    """All of them."""
    counts = {"refused": _named(figures.refused), "children": _named(figures.children)}
    return {"seed": seed} | asdict(figures) | counts | {"lost": figures.lost}


def _told(counts: Mapping[Any, int]) -> str:
    return ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in _named(counts).items()
    )


def _named(counts: Mapping[Any, int]) -> dict[str, int]:
    """By name, the most first."""
    ordered = sorted(counts.items(), key=lambda one: -one[1])
    return {key.name.lower(): count for key, count in ordered if isinstance(key, Enum)}
