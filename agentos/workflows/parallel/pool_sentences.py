"""What people are told of the credential pool, and what of it they have heard already."""

import math
from collections.abc import Iterable

from agentos.core.clock import Now, time_of_day
from agentos.credentials.answers import (
    Cause,
    Closed,
    CoolingDown,
    Effect,
    Lapsed,
    SlotCount,
    TakesFewer,
    Waiting,
    Why,
)

_LONG_PAUSE = 120.0
"""Seconds. Of a longer one the end is told as a time of day, and what is left of it now and then:
whenever half of what was told last is over."""

_SAME = 1.0
"""Seconds by which the ends of one pause may differ: calls that went out together are all refused
for so long from when each was."""

_QUIET = 60.0
"""Seconds for which a wait that comes and goes is not told again: where few calls are allowed at
once, the last one in the queue ends an episode every few seconds."""

_WAITS = {
    Why.SLOT: (
        "[COORDINATOR] Credential pool exhausted... waiting for a credential{model} to come back"
    ),
    Why.RATE: (
        "[COORDINATOR] Every rate limit{model} is in full use; calls go out as fast as it allows"
    ),
    Why.BUDGET: (
        "[COORDINATOR] What is left of the budget is set aside for calls in flight... "
        "waiting for one to end"
    ),
}


def of_effect(effect: Effect) -> str:
    """What a call has changed for others."""
    match effect:
        case Closed(credential, reason, seconds):
            span = "good" if seconds is None else f"{_plain(seconds)}s"
            return f"[COORDINATOR] Credential {credential} is closed for {span}: {reason}"
        case TakesFewer(credential, most):
            calls = "call" if most == 1 else "calls"
            return f"[COORDINATOR] {credential} takes no more than {most} {calls} at once"
        case CoolingDown(credential, seconds, Cause.USED_UP):
            return (
                f"[COORDINATOR] {credential} has used up its limit, "
                f"which is renewed in {_plain(seconds)}s"
            )
        case CoolingDown(credential, seconds, Cause.OVERLOADED):
            return (
                f"[COORDINATOR] The provider of {credential} is overloaded, "
                f"backing off for {_plain(seconds)}s..."
            )
        case CoolingDown(credential, seconds):
            return (
                f"[COORDINATOR] Rate limit hit on {credential}: rate-limited, "
                f"backing off for {_plain(seconds)}s..."
            )


def of_lapse(lapsed: Lapsed) -> str:
    """Why a credential is lent to somebody else."""
    return (
        f"[COORDINATOR] {lapsed.owner} is not heard of any more, as if it were suspended; "
        f"{lapsed.credential}, which it holds, is lent to others"
    )


def of_slots(counts: Iterable[SlotCount]) -> str:
    """How many calls can be made at once, without a full stop, and why there are not more."""
    counts = list(counts)
    calls = sum(one.open for one in counts)
    told = f"the credentials take {calls} {'call' if calls == 1 else 'calls'} at once"
    why = [_fewer(one) for one in counts if one.open < one.slots]
    return f"{told} ({', '.join(why)})" if why else told


class Told:
    """Says of each wait what nobody has said yet; `now` is the time of day.

    Who waits for another model waits for something else.
    """

    def __init__(self, now: Now) -> None:
        self._now = now
        self._waits: set[tuple[Why, str]] = set()  # told of in this episode
        self._told_at: dict[tuple[Why, str], float] = {}
        self._told_of_rates: set[str] = set()  # by model
        self._pauses: dict[str, dict[float, float]] = {}
        """By model, and by their end; seconds left when to say it again."""
        self._crawls_told: dict[str, float] = {}
        """By model: seconds to the next call, as they were told last."""

    def end_of_episode(self) -> None:
        """Nobody waits any more."""
        self._waits.clear()
        self._pauses.clear()
        self._crawls_told.clear()

    def news(self, waiting: Waiting, now: float) -> str | None:
        """What a waiter has to say, if nobody has said it in this episode."""
        if waiting.until is not None:
            seconds = waiting.until - now
            if waiting.why is Why.COOLDOWN:
                return self._pause(waiting.model, waiting.until, seconds)
            if waiting.why is Why.RATE and seconds >= _LONG_PAUSE:
                return self._crawl(waiting.model, seconds)
        key = waiting.why, waiting.model
        if key in self._waits or (waiting.why is Why.RATE and waiting.model in self._told_of_rates):
            return None
        self._waits.add(key)
        if waiting.why is Why.RATE:  # it is what is to be wished for
            self._told_of_rates.add(waiting.model)
        if now - self._told_at.get(key, -math.inf) < _QUIET:
            return None
        self._told_at[key] = now
        return _WAITS[waiting.why].format(model=_of(waiting.model))

    def _pause(self, model: str, end: float, seconds: float) -> str | None:
        pauses = self._pauses.setdefault(model, {})
        end = next((known for known in pauses if abs(known - end) < _SAME), end)
        is_new = end not in pauses
        if not is_new and seconds > pauses[end]:
            return None
        pauses[end] = seconds / 2 if seconds >= _LONG_PAUSE else -math.inf
        still = "All" if is_new else "Still all"
        return (
            f"[COORDINATOR] {still} credentials are cooling down{_of(model)}, "
            f"the first is back {self._when(seconds)}"
        )

    def _crawl(self, model: str, seconds: float) -> str | None:
        """A limit with room for so few calls that the next has long to wait."""
        told = self._crawls_told.get(model, 0.0)
        if told / 2 < seconds < told * 2:
            return None
        self._crawls_told[model] = seconds
        return (
            f"[COORDINATOR] Every rate limit{_of(model)} is in full use; "
            f"the next call can go out {self._when(seconds)}"
        )

    def _when(self, seconds: float) -> str:
        told = f"in {math.ceil(round(seconds, 3))}s"
        if seconds < _LONG_PAUSE:
            return told
        return f"{told}, at {time_of_day(seconds, self._now())}"


def _of(model: str) -> str:
    return f" for {model}" if model else ""


def _fewer(count: SlotCount) -> str:
    if count.open == 0:
        return f"{count.quota} is closed"
    return f"{count.quota} takes no more than {count.open}"


def _plain(seconds: float) -> str:
    """`30` for 30.0, `1.5` for 1.5."""
    return f"{round(seconds, 3):.15g}"
