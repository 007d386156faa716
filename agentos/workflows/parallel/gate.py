"""Whether one more item may start, and what people hear when fewer run than they asked for."""

import re
from collections.abc import Callable

_SIZE = re.compile(r"\d+ MiB")
"""What differs at every look, and makes a reason no other one."""


class Gate:
    """At least one item always runs; how many run beside it is decided by `admit(running)`."""

    def __init__(
        self,
        admit: Callable[[int], bool],
        why_held_back: Callable[[], str],
        notify: Callable[[str], None],
    ) -> None:
        self._admit = admit
        self._why_held_back = why_held_back
        self._notify = notify
        self._reason = ""  # that was told last, without sizes
        self._held_at = 0  # items that ran when one more was held back

    def lets_in(self, running: int) -> bool:
        """Whether an item may start beside those that run."""
        if self._admit(running) or not running:
            return True
        self.note_held_back(running, self._why_held_back())
        return False

    def note_held_back(self, running: int, reason: str) -> None:
        """Hear, and tell, why none starts beside those that run."""
        self._held_at = running
        kind = _SIZE.sub("", reason)
        if kind and kind != self._reason:
            self._reason = kind
            beside = f" beside the {running} that run" if running else ""
            self._notify(f"[COORDINATOR] No item starts{beside}: {reason}")

    def note_started(self, running: int) -> None:
        """Hear that one has started beside those that run, and tell of it after a shortage."""
        if self._reason and running >= self._held_at:
            self._reason = ""
            self._notify("[COORDINATOR] There is room again: further items start")
