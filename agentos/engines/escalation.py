"""How a child is asked to end, and made to: a state machine, its clock handed in.

The stages are SIGINT, then after the grace and half a second SIGTERM, one second later SIGKILL to
the whole tree. Each further wish brings the next stage forward. A time limit that runs out starts
the same stages; it does not run while the child is paused, but the stages always do.
"""

from enum import Enum, auto

from agentos.core.clock import Clock

TERMINATE_AFTER_GRACE = 0.5
KILL_AFTER_TERMINATE = 1.0
KILL_AGAIN_AFTER = 1.0


class Action(Enum):
    """What is to be done to the child now."""

    INTERRUPT = auto()
    TERMINATE = auto()
    KILL = auto()


_STAGES = (Action.INTERRUPT, Action.TERMINATE, Action.KILL)


class Escalation:
    """The deadlines of one child; all times in seconds of the clock that is handed in."""

    def __init__(self, *, grace: float, timeout: float | None, clock: Clock) -> None:
        self._grace = grace
        self._clock = clock
        self._stage = 0
        self._next_stage_at: float | None = None
        self._time_left = timeout
        self._running_since: float | None = clock()
        self._pauses: set[str] = set()
        self.timed_out = False

    @property
    def has_begun(self) -> bool:
        """Whether the child was asked to end."""
        return self._stage > 0 or self._next_stage_at is not None

    def wish(self) -> None:
        """Someone wants the end: the next stage is due at once."""
        self._next_stage_at = self._clock()

    def pause(self, reason: str) -> None:
        """Hold the time limit; reasons add up, and each is resumed by its own name."""
        if not self._pauses and self._running_since is not None:
            if self._time_left is not None:
                self._time_left -= self._clock() - self._running_since
            self._running_since = None
        self._pauses.add(reason)

    def resume(self, reason: str) -> None:
        """Let the time limit run again, unless another reason still holds it."""
        self._pauses.discard(reason)
        if not self._pauses and self._running_since is None:
            self._running_since = self._clock()

    def wait(self) -> float | None:
        """Seconds until `due` may have something; None when nothing is to come by itself."""
        now = self._clock()
        moment = self._next_stage_at if self.has_begun else self._time_limit()
        return None if moment is None else max(0.0, moment - now)

    def due(self) -> Action | None:
        """The action whose time has come, once."""
        now = self._clock()
        limit = self._time_limit()
        if not self.has_begun and limit is not None and now >= limit:
            self.timed_out = True
            self._next_stage_at = now
        if self._next_stage_at is None or now < self._next_stage_at:
            return None
        action = _STAGES[min(self._stage, len(_STAGES) - 1)]
        self._stage += 1
        self._next_stage_at = (
            now
            + {
                Action.INTERRUPT: self._grace + TERMINATE_AFTER_GRACE,
                Action.TERMINATE: KILL_AFTER_TERMINATE,
                Action.KILL: KILL_AGAIN_AFTER,
            }[action]
        )
        return action

    def _time_limit(self) -> float | None:
        if self._time_left is None or self._running_since is None:
            return None
        return self._running_since + self._time_left
