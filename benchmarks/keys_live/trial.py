"""One scenario in real time."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from agentos.workflows.parallel import CredentialCoordinator
from benchmarks.keys.scenarios import DEMAND, Goal, Scenario
from benchmarks.keys.tally import Tally
from benchmarks.lending import access, lending
from benchmarks.processes import Child, children


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it; shares are of 1.

    `served`, `refused` and `allowed` are calls in `seconds`, as the provider counted them. `demand`
    is how many times what is allowed the children could have called: so many at once, each for as
    long as a call took them. `ends` are those of all calls, those of the warm-up included.
    """

    scenario: str
    goal: Goal
    seconds: float
    served: int
    refused: int
    allowed: float
    utilisation: float
    waste: float
    demand: float
    ends: dict[str, int]

    @property
    def is_met(self) -> bool:
        """Whether it is as it is asked to be, under as much demand as it is to be."""
        return (
            self.utilisation >= self.goal.utilisation
            and self.waste <= self.goal.waste
            and self.demand >= DEMAND
        )


def play(scenario: Scenario, seed: int, *, warm_up: float, seconds: float) -> Result:
    """Let the children call, and count after `warm_up` seconds, for `seconds`."""
    coordinator = CredentialCoordinator(
        (key for key, _ in scenario.credentials()),
        notify=lambda _: None,
        default_slots=scenario.children,
    )
    with ExitStack() as stack:
        named = {"scenario": scenario.name, "seed": seed}
        (provider,) = stack.enter_context(children("benchmarks.keys_live.provider", [named]))
        base_url = provider.hear()["base_url"]
        server = stack.enter_context(lending(coordinator))
        specs = [
            {"access": access(server, f"LLD-{n + 1}"), "base_url": base_url}
            for n in range(scenario.children)
        ]
        calling = stack.enter_context(children("benchmarks.keys_live.child", specs))
        for child in calling:
            child.hear()
        for child in calling:
            child.tell("begin")
        time.sleep(warm_up)
        before = _count(provider)
        time.sleep(seconds)
        after = _count(provider)
        for child in calling:
            child.dismiss()
        done = [child.hear() for child in calling]
        return _result(scenario, before, after, done, _count(provider)["ends"])


def _count(provider: Child) -> dict[str, Any]:
    provider.tell("count")
    return provider.hear()


def _result(
    scenario: Scenario,
    before: dict[str, Any],
    after: dict[str, Any],
    done: list[dict[str, Any]],
    ends: dict[str, int],
) -> Result:
    seconds = after["at"] - before["at"]
    refused = after["ends"].get("refused", 0) - before["ends"].get("refused", 0)
    tally = Tally(tuple(domain.limits for domain in scenario.domains), seconds, refused)
    for domain, then, now in zip(tally.domains, before["served"], after["served"], strict=True):
        domain.calls = now - then
    busy = sum(one["busy"] for one in done) / max(1, sum(one["answered"] for one in done))
    allowed = tally.allowed if tally.served else 0.0
    return Result(
        scenario.name,
        scenario.goal,
        seconds,
        tally.served,
        refused,
        allowed,
        tally.utilisation,
        tally.waste,
        scenario.children / busy / (allowed / seconds) if busy and allowed else 0.0,
        ends,
    )
