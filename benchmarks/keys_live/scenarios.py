"""What providers allow, in scenarios of the kind that the simulation plays, on a faster scale."""

from collections.abc import Iterator

from agentos.testing.quota import QuotaLimits
from benchmarks.keys.scenarios import Domain, Known, Scenario

_DOMAINS = (Domain(QuotaLimits(requests=240)),) * 2
"""Eight calls a second: ten SDKs on two cores could make several times as many."""


def scenarios() -> Iterator[Scenario]:
    """One with limits that are told, and two with limits that are to be found."""
    for known in (Known.ADVERTISED, Known.HINTED, Known.HIDDEN):
        yield Scenario(known, "2 keys, requests", _DOMAINS)


def scenario_named(name: str) -> Scenario:
    """Raises StopIteration where there is none."""
    return next(one for one in scenarios() if one.name == name)


def latency(scenario: Scenario) -> float:
    """Seconds that a call takes at the provider, on average.

    Half of what the simulation takes, as real children need time for themselves: the demand that
    was really there is measured.
    """
    return scenario.mean_latency / 2
