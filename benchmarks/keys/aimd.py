"""A limit on the calls at once for each key, as TCP has it: up by one, down by half."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentos.core.calls import Answer, Refusal
from benchmarks.keys.work import Call

_COOLDOWN = 1.0  # seconds, where a refusal gives no hint


@dataclass(slots=True)
class _Key:
    name: str
    limit: int = 1
    in_flight: int = 0
    successes: int = 0
    rests_until: float = 0.0
    cut_at: float = -1.0


class Aimd:
    """First come, first served, with the key that has the fewest calls under way.

    Calls that were out when a key was cut do not cut it again.
    """

    def __init__(self, keys: Sequence[str], children: int) -> None:
        self._keys = [_Key(name) for name in keys]
        self._most = children
        self._waiting: list[int] = []
        self._out: dict[int, tuple[_Key, float]] = {}

    def ask(self, child: int, call: Call, now: float) -> None:  # noqa: ARG002 - as the others
        """Queue up."""
        self._waiting.append(child)

    def due(self, now: float) -> Iterator[tuple[int, str]]:
        """As many as there are places."""
        while self._waiting:
            free = [k for k in self._keys if k.in_flight < k.limit and k.rests_until <= now]
            if not free:
                return
            key = min(free, key=lambda one: one.in_flight)
            key.in_flight += 1
            child = self._waiting.pop(0)
            self._out[child] = key, now
            yield child, key.name

    def wake_up(self, now: float) -> float | None:
        """The end of the first rest, if anybody waits for it."""
        if not self._waiting:
            return None
        return min((k.rests_until for k in self._keys if k.rests_until > now), default=None)

    def heard(self, child: int, result: Answer | Refusal, now: float) -> None:
        """Grow after as many successes as the limit is, halve after a refusal."""
        key, began = self._out.pop(child)
        key.in_flight -= 1
        if isinstance(result, Answer):
            key.successes += 1
            if key.successes >= key.limit:
                key.limit, key.successes = min(key.limit + 1, self._most), 0
            return
        hint = result.retry_after
        key.rests_until = max(key.rests_until, now + (_COOLDOWN if hint is None else hint))
        if began > key.cut_at:
            key.limit, key.successes, key.cut_at = max(1, key.limit // 2), 0, now
