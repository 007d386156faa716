"""How long to wait before something that failed is tried again."""

import random
from collections.abc import Callable


def backoff(
    failures: int, first: float, longest: float, jitter: Callable[[], float] = random.random
) -> float:
    """Seconds after so many failures: `first` at most, then twice that and so on up to `longest`.

    The second half of it is by chance, so that what failed together is not back as one; `jitter()`
    gives a number from 0 to 1.
    """
    return min(first * 2.0 ** (failures - 1), longest) * (1 + jitter()) / 2
