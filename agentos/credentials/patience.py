"""How long who needs much of a budget lets go before those who need less."""

MOST_OVERTAKING = 10
"""Calls. Each of them keeps a larger one waiting, whose room it takes a part of."""


class Patience:
    """Tickets for which the budget has no room yet, and how many that came later went before."""

    def __init__(self) -> None:
        self._overtaken: dict[str, int] = {}
        self._waiting: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether one that has been met since `begin` has been overtaken often enough."""
        return any(self._overtaken[one] >= MOST_OVERTAKING for one in self._waiting)

    def begin(self) -> None:
        """See to the queue anew, from its head; who waits no more is forgotten."""
        self._overtaken = {one: self._overtaken[one] for one in self._waiting}
        self._waiting = []

    def waits(self, ticket: str) -> None:
        """Meet one for which there is no room."""
        self._waiting.append(ticket)
        self._overtaken.setdefault(ticket, 0)

    def overtaken(self) -> None:
        """One goes before all that have been met."""
        for ticket in self._waiting:
            self._overtaken[ticket] += 1
