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
        self._is_known = is_known
        self._is_starting = not is_known
        self._answers = 0
        self._step_after = _SOONEST_STEP
        self._held: int | None = None  # answers since a step up; None: no step is on trial
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._proven = 0  # so many at once were served, since the limit was last cut
        self._is_cut = False
        self._stale_until = -math.inf  # calls that went out by then tell nothing new

    @property
    def limit(self) -> int:
        """How many calls may be in flight."""
        return self._limit

    @property
    def promised(self) -> int:
        """The limit, or all that there may be while nothing speaks against it."""
        return self._limit if self._is_cut else self._most

    @property
    def is_on_trial(self) -> bool:
        """Whether the last step up has neither held nor been refused yet."""
        return self._held is not None

    def start_over(self, now: float) -> None:
        """Forget what refusals told, and what calls that are out will tell: it was a rate."""
        if not self._is_known:
            self._is_starting, self._is_cut = True, False
            self._held = None
            self._stale_until = now

    def answered(self, in_flight: int) -> None:
        """Hear of an answer to a call that was the so manieth in flight when it went out."""
        self._recent.append(False)
        self._proven = max(self._proven, in_flight)
        if self._is_starting:
            self._limit = min(self._limit + 1, self._most)
        elif in_flight >= self._limit:
            self._has_held() if self._held is not None else self._consider_a_step()

    def refused(
        self, in_flight: int, went_out: float, now: float, *, is_explained: bool = False
    ) -> bool:
        """Hear of a refusal; whether it tells of the number of calls, and so of nothing else.

        There is one cut in a round trip: what went out before the last one tells nothing new. Where
        as many at once were served before, and it `is_explained` otherwise, it is not the number.
        """
        self._recent.append(True)
        if went_out <= self._stale_until:
            return True
        is_proven = in_flight <= self._proven
        if is_proven and is_explained:
            return False
        if in_flight < self._limit:
            if not (is_proven or self._is_known or in_flight == 1):
                self._cut_to(in_flight - 1, now)
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
        if went_out > self._stale_until:
            self._cut_to(self._limit // 2, now)

    def _cut_to(self, limit: int, now: float) -> None:
        self._is_starting, self._is_cut = False, True
        self._limit = max(1, limit)
        self._stale_until = now
        self._answers, self._held = 0, None
        self._proven = min(self._proven, self._limit)
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
