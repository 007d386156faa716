"""What will happen when, in a simulated world: the clock jumps from one event to the next."""

import heapq
import itertools
from collections.abc import Callable

Event = Callable[[float], None]
"""Is told what time it is, in simulated seconds."""

_SHORTEST_SLEEP = 0.001  # seconds; a thread does not wake up more exactly


class Agenda:
    """Events in the order of their time; those of one moment in the order of their coming."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._order = itertools.count()

    def at(self, moment: float, event: Event) -> None:
        """Have something happen then."""
        heapq.heappush(self._events, (moment, next(self._order), event))

    def play_next(self, end: float) -> bool:
        """Let the next event happen; False, and nothing happens, if there is none before `end`."""
        if not self._events or self._events[0][0] >= end:
            return False
        self.now, _, event = heapq.heappop(self._events)
        event(self.now)
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing will ever happen any more."""
        return not self._events


class Alarm:
    """Lets somebody look again at the time that they want to; the earliest of them counts."""

    def __init__(self, agenda: Agenda, ring: Event) -> None:
        self._agenda = agenda
        self._ring = ring
        self._set_to: float | None = None

    def set(self, moment: float | None, now: float) -> None:
        """Ring then, or a little later if that is now or over; None: not at all."""
        if moment is None:
            return
        moment = max(moment, now + _SHORTEST_SLEEP)
        if self._set_to is None or not now < self._set_to <= moment:
            self._set_to = moment
            self._agenda.at(moment, self._ring)
