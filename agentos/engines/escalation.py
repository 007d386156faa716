"""How a child is asked to end, and made to: a state machine, its clock handed in.

The stages are SIGINT, then after the grace and half a second SIGTERM, one second later SIGKILL to
the whole tree. Each further wish brings the next stage forward. A time limit that runs out starts
the same stages, and so does a child that gives no sign of life for too long; neither is counted
while the child is paused, but the stages always are.
"""

import math
from dataclasses import dataclass
from enum import Enum, auto

from agentos.core.clock import Clock
from agentos.engines.running_time import RunningTime

TERMINATE_AFTER_GRACE = 0.5
KILL_AFTER_TERMINATE = 1.0
KILL_AGAIN_AFTER = 1.0


class Action(Enum):
    """What is to be done to the child now."""

    INTERRUPT = auto()
    TERMINATE = auto()
    KILL = auto()


_STAGES = (Action.INTERRUPT, Action.TERMINATE, Action.KILL)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one child, in seconds.

    `timeout` is of the time that it runs, `idle_timeout` of that since it was last heard of, and
    `grace` is what it has for a call in flight once it is asked to end.
    """

    grace: float
    timeout: float = math.inf
    idle_timeout: float = math.inf


class Escalation:
    """The deadlines of one child: limits are counted by `running`, the stages by `clock`."""

    def __init__(self, limits: Limits, *, running: RunningTime, clock: Clock) -> None:
        self._limits = limits
        self._running = running
        self._clock = clock
        self._heard_at = running.seconds()
        self._stage = 0
        self._next_stage_at: float | None = None
        self.timed_out = False
        self.fell_silent = False

    @property
    def has_begun(self) -> bool:
        """Whether the child was asked to end."""
        return self._stage > 0 or self._next_stage_at is not None

    def wish(self) -> None:
        """Someone wants the end: the next stage is due at once."""
        self._next_stage_at = self._clock()

    def heard(self) -> None:
        """The child gave a sign of life."""
        self._heard_at = self._running.seconds()

    def wait(self) -> float | None:
        """Seconds until `due` may have something; None when nothing is to come by itself."""
        if self.has_begun:
            moment = self._next_stage_at
            return None if moment is None else max(0.0, moment - self._clock())
        left = min(self._limits.timeout, self._silence_ends_at) - self._running.seconds()
        return None if self._running.is_paused or left == math.inf else max(0.0, left)

    def due(self) -> Action | None:
        """The action whose time has come, once."""
        now = self._clock()
        if not self.has_begun and not self._running.is_paused:
            self.timed_out = self._running.seconds() >= self._limits.timeout
            self.fell_silent = not self.timed_out and (
                self._running.seconds() >= self._silence_ends_at
            )
            if self.timed_out or self.fell_silent:
                self._next_stage_at = now
        if self._next_stage_at is None or now < self._next_stage_at:
            return None
        action = _STAGES[min(self._stage, len(_STAGES) - 1)]
        self._stage += 1
        self._next_stage_at = (
            now
            + {
                Action.INTERRUPT: self._limits.grace + TERMINATE_AFTER_GRACE,
                Action.TERMINATE: KILL_AFTER_TERMINATE,
                Action.KILL: KILL_AGAIN_AFTER,
            }[action]
        )
        return action

    @property
    def _silence_ends_at(self) -> float:
        return self._heard_at + self._limits.idle_timeout
