"""What children ask for, and what the network does: all that is left to chance."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

MEAN_INPUT_TOKENS = 2000.0
MEAN_OUTPUT_TOKENS = 500.0
VARIATION = 0.4
"""Standard deviation of tokens and latencies, in means; they are log-normal."""

SHORTEST_TRIP = 0.015
LONGEST_TRIP = 0.045
"""Seconds that a message is on its way, either way: calls can overtake each other."""

ROUND_TRIP = SHORTEST_TRIP + LONGEST_TRIP
"""Seconds that a call spends on the network, on average."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the provider will count it, and how many seconds it takes there.

    `prompt_bytes` is what the client knows of its input beforehand.
    """

    input_tokens: int
    output_tokens: int
    prompt_bytes: int
    latency: float


def dice(*seed: object) -> random.Random:
    """A source of chance of its own for each purpose, the same for all strategies."""
    return random.Random("/".join(map(str, seed)))  # noqa: S311 - nothing secret depends on it


def calls(chance: random.Random, mean_latency: float) -> Iterator[Call]:
    """Calls without end."""
    while True:
        tokens = max(1, round(log_normal(chance, MEAN_INPUT_TOKENS)))
        yield Call(
            tokens,
            max(1, round(log_normal(chance, MEAN_OUTPUT_TOKENS))),
            round(tokens * chance.uniform(3.5, 4.5)),
            log_normal(chance, mean_latency),
        )


def trip(chance: random.Random) -> float:
    """Seconds that one message takes."""
    return chance.uniform(SHORTEST_TRIP, LONGEST_TRIP)


def log_normal(chance: random.Random, mean: float) -> float:
    """A number from the distribution that tokens and latencies have."""
    deviation = math.sqrt(math.log(1 + VARIATION**2))
    return chance.lognormvariate(math.log(mean) - deviation**2 / 2, deviation)
