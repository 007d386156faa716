"""How many calls a provider takes at once, where nobody says: found by trying.

Slow start, then a step up now and then while all slots are in use. A step that is refused is taken
back and tried more rarely; one that holds is followed sooner by the next.
"""

import math
from collections import deque

_FIRST = 4
"""Slots before the first answer; each answer adds one, which doubles them in a round trip."""

_SOONEST_STEP, _LATEST_STEP = 10, 160
"""Answers with all slots in use before a step up."""

_HOLDS = 3
"""Answers after which a step up has held."""

_WINDOW, _TOO_MANY = 20, 2
"""So many refusals in so many calls: the limit is lower than it was."""


class ConcurrencyLimit:
    """Calls at once, from 1 to `most`; one that `is_known` needs no search."""

    def __init__(self, most: int, *, is_known: bool) -> None:
        self._most = most
        self._limit = most if is_known else min(_FIRST, most)
        self._is_starting = not is_known
        self._answers = 0
        self._step_after = _SOONEST_STEP
        self._held: int | None = None  # answers since a step up; None: no step is on trial
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._cut_at = -math.inf

    @property
    def limit(self) -> int:
        """How many calls may be in flight."""
        return self._limit

    @property
    def promised(self) -> int:
        """The limit, or all that there may be while nothing speaks against it."""
        return self._most if self._cut_at == -math.inf else self._limit

    def answered(self, in_flight: int) -> None:
        """Hear of an answer to a call that was the so manieth in flight when it went out."""
        self._recent.append(False)
        if self._is_starting:
            self._limit = min(self._limit + 1, self._most)
        elif in_flight >= self._limit:
            self._has_held() if self._held is not None else self._consider_a_step()

    def refused(self, in_flight: int, went_out: float, now: float) -> bool:
        """Hear of a refusal; whether it tells of the number of calls, and so of nothing else.

        There is one cut in a round trip: what went out before the last one tells nothing new.
        """
        self._recent.append(True)
        self._is_starting = False
        if went_out <= self._cut_at:
            return True
        if in_flight < self._limit:
            return False
        was_on_trial, self._held = self._held is not None, None
        if was_on_trial:
            self._step_after = min(_LATEST_STEP, 2 * self._step_after)
        elif sum(self._recent) < _TOO_MANY:
            return False
        self._cut_to(self._limit - 1, now)
        return was_on_trial

    def halve(self, went_out: float, now: float) -> None:
        """Cut by half: the provider has too much to do, or wants a long rest."""
        self._is_starting = False
        if went_out > self._cut_at:
            self._cut_to(self._limit // 2, now)

    def _cut_to(self, limit: int, now: float) -> None:
        self._limit = max(1, limit)
        self._cut_at = now
        self._answers, self._held = 0, None
        self._recent.clear()

    def _has_held(self) -> None:
        self._held = (self._held or 0) + 1
        if self._held >= _HOLDS:
            self._held, self._answers = None, 0
            self._step_after = max(_SOONEST_STEP, self._step_after // 2)

    def _consider_a_step(self) -> None:
        self._answers += 1
        if self._answers >= self._step_after and self._limit < self._most:
            self._limit += 1
            self._answers, self._held = 0, 0
