"""Whether one more item may start, and what people hear when fewer run than they asked for."""

from collections.abc import Callable


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
        self._reason = ""  # that was told last
        self._held_at = 0  # items that ran when one more was held back

    def lets_in(self, running: int) -> bool:
        """Whether an item may start beside those that run."""
        if self._admit(running) or not running:
            self._tell_of_room(running)
            return True
        self._held_at = running
        reason = self._why_held_back()
        if reason and reason != self._reason:
            self._reason = reason
            self._notify(f"[COORDINATOR] No item starts beside the {running} that run: {reason}")
        return False

    def _tell_of_room(self, running: int) -> None:
        if self._reason and running and running >= self._held_at:
            self._reason = ""
            self._notify("[COORDINATOR] There is room again: further items start")
