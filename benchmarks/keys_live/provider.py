"""The provider: a process that answers over HTTP what its limits allow, and counts when asked.

It is told the scenario and a seed, says where it is, and for each further line what it has done.
"""

import random
import time
from collections import Counter
from functools import partial

from agentos.testing import Exchange, LoopbackServer, Say
from agentos.testing.exchanges import End
from agentos.testing.metering import Manners, Metered, MeteredAccount
from benchmarks.keys.scenarios import PROVIDER, Known, Scenario
from benchmarks.keys.work import MEAN_INPUT_TOKENS, MEAN_OUTPUT_TOKENS, dice, log_normal
from benchmarks.keys_live.scenarios import latency, scenario_named
from benchmarks.processes import say, told

_TEXT = "# A document\n\n" + "What was asked for, in a sentence that is long enough for one.\n" * 20


def main() -> None:
    """Serve until stdin ends."""
    spec = told()
    scenario = scenario_named(spec["scenario"])
    with LoopbackServer(_script(scenario, dice(spec["seed"], scenario.name))) as server:
        say(base_url=server.base_url(PROVIDER))
        while told() is not None:
            say(at=time.monotonic(), **_counts(scenario, server.exchanges))


def _script(scenario: Scenario, chance: random.Random) -> Metered:
    accounts = [MeteredAccount(domain.limits) for domain in scenario.domains]
    return Metered(
        {key.secret or "": accounts[position] for key, position in scenario.credentials()},
        dice=chance,
        latency=partial(log_normal, mean=latency(scenario)),
        manners=Manners(scenario.known.retry_hint, advertises=scenario.known is Known.ADVERTISED),
        text=lambda _: Say(
            _TEXT,
            input_tokens=round(log_normal(chance, MEAN_INPUT_TOKENS)),
            output_tokens=round(log_normal(chance, MEAN_OUTPUT_TOKENS)),
        ),
    )


def _counts(scenario: Scenario, exchanges: tuple[Exchange, ...]) -> dict[str, object]:
    """How many calls each domain served, and how many calls ended how in all."""
    domain_of = {key.secret: position for key, position in scenario.credentials()}
    served = Counter(domain_of[one.asked.secret] for one in exchanges if one.end is End.ANSWERED)
    return {
        "served": [served[position] for position in range(len(scenario.domains))],
        "ends": Counter(one.end for one in exchanges),
    }


if __name__ == "__main__":
    main()
