"""Every strategy in every scenario, with the same work."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.keys.aimd import Aimd
from benchmarks.keys.pooled import Pooled
from benchmarks.keys.round_robin import RoundRobin
from benchmarks.keys.scenarios import Goal, Scenario, scenarios
from benchmarks.keys.simulation import Simulation
from benchmarks.keys.strategy import Strategy
from benchmarks.keys.work import dice

OURS = "agentos"


@dataclass(frozen=True, slots=True)
class Result:
    """What one strategy made of one scenario; shares are of 1.

    `seconds` and `deciding` are real ones, of the whole simulation and of the strategy in it.
    """

    scenario: str
    strategy: str
    served: int
    refused: int
    allowed: float
    utilisation: float
    waste: float
    seconds: float
    deciding: float


@dataclass(frozen=True, slots=True)
class Round:
    """One scenario: the results of all strategies, ours first, and what is asked of ours."""

    results: tuple[Result, ...]
    goal: Goal

    @property
    def is_met(self) -> bool:
        """Whether ours does what is asked of it."""
        ours = self.results[0]
        return ours.utilisation >= self.goal.utilisation and ours.waste <= self.goal.waste


def contest(
    seed: int, minutes: float, named: str = "", processes: int | None = None
) -> list[Round]:
    """Play the scenarios whose name has `named` in it, as many at once as there are cores."""
    chosen = [scenario for scenario in scenarios() if named in scenario.name]
    with ProcessPoolExecutor(processes) as workers:
        return list(workers.map(partial(play, seed=seed, minutes=minutes), chosen))


def play(scenario: Scenario, seed: int, minutes: float) -> Round:
    """One scenario."""
    results = tuple(
        _result(scenario, name, make(scenario, seed), seed, minutes)
        for name, make in STRATEGIES.items()
    )
    return Round(results, scenario.goal)


def _result(scenario: Scenario, name: str, strategy: Strategy, seed: int, minutes: float) -> Result:
    tally = Simulation(scenario, strategy, seed, minutes).run()
    return Result(
        scenario.name,
        name,
        tally.served,
        tally.refused,
        tally.allowed,
        tally.utilisation,
        tally.waste,
        tally.seconds,
        tally.deciding,
    )


def _ours(scenario: Scenario, seed: int) -> Strategy:
    keys = [credential for credential, _ in scenario.credentials()]
    return Pooled(keys, scenario.children, dice(seed, scenario.name, OURS))


def _round_robin(scenario: Scenario, seed: int) -> Strategy:
    return RoundRobin(_names(scenario), dice(seed, scenario.name, "round robin"))


def _aimd(scenario: Scenario, seed: int) -> Strategy:  # noqa: ARG001 - nothing is left to chance
    return Aimd(_names(scenario), scenario.children)


def _names(scenario: Scenario) -> list[str]:
    return [credential.name for credential, _ in scenario.credentials()]


STRATEGIES: dict[str, Callable[[Scenario, int], Strategy]] = {
    OURS: _ours,
    "round robin + SDK": _round_robin,
    "AIMD per key": _aimd,
}
