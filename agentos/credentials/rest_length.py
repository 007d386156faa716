"""How long a quota domain rests after a refusal: what the provider wishes, within reason."""

from collections.abc import Callable

from agentos.core.calls import LimitHint

SHORTEST_REST, SHORTEST_AGAIN = 0.1, 1.0
"""Seconds after a rate limit, whatever a provider or chance says, and after several in a row: with
a hint of 0 the same call would go out again at once, and for ever."""

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0
"""Seconds of a rest for which no time is named: at most, for the first refusal and for any."""

_MOST_DOUBLINGS = 10
"""Of a rest, for refusals in a row."""

_BELIEVED = 10
"""Refusals in a row, each of which wants so short a rest. Then it is not what the provider needs:
the least doubles with each further one, up to the longest."""


class RefusalStreak:
    """Refusals in a row, and the rest that the last of them asks for.

    `is_patient` says whether there is a least of it; `jitter()` gives a number from 0 to 1.
    """

    def __init__(self, *, is_patient: bool, jitter: Callable[[], float]) -> None:
        self._is_patient = is_patient
        self._jitter = jitter
        self._refusals = 0

    def answered(self) -> None:
        """It is over."""
        self._refusals = 0

    def refused(self) -> None:
        """It is longer by one."""
        self._refusals += 1

    def rest(self, wished: float | None, rate: float | None) -> float:
        """Seconds; `wished` is what the provider said, `rate` calls a second, where known."""
        return max(self._least(), self._backoff(rate) if wished is None else wished)

    def _backoff(self, rate: float | None) -> float:
        """Exponential, with full jitter; after the time in which a call's room comes back."""
        doubled = 2.0 ** min(self._refusals - 1, _MOST_DOUBLINGS)
        if rate is None:
            return self._jitter() * min(LONGEST_BACKOFF, FIRST_BACKOFF * doubled)
        return min(LONGEST_BACKOFF, (1 + self._jitter() * doubled) / rate)

    def _least(self) -> float:
        if not self._is_patient:
            return 0.0
        doubled = SHORTEST_REST * 2.0 ** min(self._refusals - 1, _MOST_DOUBLINGS)
        disbelieved = min(max(0, self._refusals - _BELIEVED), _MOST_DOUBLINGS)
        return min(LONGEST_BACKOFF, min(SHORTEST_AGAIN, doubled) * 2.0**disbelieved)


def wished_rest(hint: LimitHint) -> float | None:
    """Seconds that a refusal wants: what it says, else until a limit that is used up is back."""
    if hint.retry_after is not None:
        return hint.retry_after
    used_up = [one.reset_after for one in hint.limits if one.remaining == 0]
    return max((seconds for seconds in used_up if seconds is not None), default=None)
