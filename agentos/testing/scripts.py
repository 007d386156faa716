"""Scripts made from lists of replies."""

from collections import deque
from collections.abc import Iterable

from agentos.testing.exchanges import Asked
from agentos.testing.replies import Reply, Script


class ScriptExhausted(LookupError):  # noqa: N818 - a state, as StopIteration is
    """A server was asked more often than its script has replies."""


def in_order(replies: Iterable[Reply]) -> Script:
    """A script that plays each reply once, whoever asks, and then raises ScriptExhausted."""
    left = deque(replies)

    def script(asked: Asked) -> Reply:
        if not left:
            raise ScriptExhausted(
                f"The script has no reply for request {asked.number}, "
                f"to {asked.model} over {asked.wire}."
            )
        return left.popleft()

    return script
