"""Keys in turn, and a vendor's SDK that repeats what is refused: what a script does."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentos.core.calls import Answer, Refusal
from benchmarks.keys.work import Call

# Those of openai-python 3 and anthropic 2.
_MAX_RETRIES = 2
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_HINT = 120.0
_JITTER = 0.25


@dataclass(slots=True)
class _Attempt:
    """A call that is to be made, or is under way. `at` is in seconds."""

    key: str
    at: float
    retries: int = 0
    is_out: bool = False
    is_repeated: bool = False


class RoundRobin:
    """Each call takes the next key; its repetitions stay with it, and then it begins anew."""

    def __init__(self, keys: Sequence[str], chance: random.Random) -> None:
        self._keys = itertools.cycle(keys)
        self._chance = chance
        self._attempts: dict[int, _Attempt] = {}

    def ask(self, child: int, call: Call, now: float) -> None:  # noqa: ARG002 - as the others
        """At once, unless the SDK is about to repeat it anyway."""
        attempt = self._attempts.get(child)
        if attempt is None or not attempt.is_repeated:
            self._attempts[child] = _Attempt(next(self._keys), now)

    def due(self, now: float) -> Iterator[tuple[int, str]]:
        """Nothing but a pause keeps a child from calling."""
        for child, attempt in self._attempts.items():
            if not attempt.is_out and attempt.at <= now:
                attempt.is_out, attempt.is_repeated = True, False
                yield child, attempt.key

    def wake_up(self, now: float) -> float | None:  # noqa: ARG002 - as the others
        """The end of the first pause."""
        return min((one.at for one in self._attempts.values() if not one.is_out), default=None)

    def heard(self, child: int, result: Answer | Refusal, now: float) -> None:
        """The SDK heeds a hint if it is short, and else doubles its pauses."""
        attempt = self._attempts[child]
        if isinstance(result, Answer) or attempt.retries == _MAX_RETRIES:
            del self._attempts[child]
            return
        pause = result.retry_after
        if pause is None or not 0 < pause <= _LONGEST_HINT:
            longest = min(_FIRST_PAUSE * 2.0**attempt.retries, _LONGEST_PAUSE)
            pause = longest * (1 - _JITTER * self._chance.random())
        self._attempts[child] = _Attempt(
            attempt.key, now + pause, attempt.retries + 1, is_repeated=True
        )
