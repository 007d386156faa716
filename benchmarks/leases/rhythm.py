"""When a child asks for its next lease."""

import random
import time
from collections.abc import Callable, Iterator
from enum import StrEnum

from agentos.core.clock import Clock

INTERVAL = 0.03
"""Seconds from one instant at which all children ask to the next."""

PAUSE = 0.02
"""Seconds that a child thinks, on average."""


class Rhythm(StrEnum):
    """What is between two calls of a child."""

    TOGETHER = "all in the same instant"
    THINKING = "each after a pause"
    HURRIED = "without a pause"


def beats(
    rhythm: Rhythm,
    begins: float,
    seconds: float,
    *,
    clock: Clock = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Come back whenever it is time to ask, for `seconds` from `begins` on.

    `begins` is a time of `clock`, which has to be the same one in all processes, as the default is.
    """
    ends = begins + seconds
    at = begins
    while at < ends:
        sleep(max(0.0, at - clock()))
        yield
        at = _next(rhythm, begins, clock())


def _next(rhythm: Rhythm, begins: float, now: float) -> float:
    match rhythm:
        case Rhythm.TOGETHER:  # an instant that is over is left out
            return begins + ((now - begins) // INTERVAL + 1) * INTERVAL
        case Rhythm.THINKING:
            return now + random.uniform(0.5, 1.5) * PAUSE  # noqa: S311 - nothing secret
        case Rhythm.HURRIED:
            return now
