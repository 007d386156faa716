"""The record of all calls of one server, shared by its threads."""

from collections.abc import Callable
from dataclasses import replace
from threading import Condition

from agentos.core.calls import Usage
from agentos.testing.exchanges import Asked, End, Exchange


class Ledger:
    """Calls in order of arrival; they are known by their number, which counts from 1."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._exchanges: list[Exchange] = []

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All calls so far."""
        with self._changed:
            return tuple(self._exchanges)

    @property
    def billed(self) -> Usage:
        """What all calls so far would cost together."""
        return sum((exchange.billed for exchange in self.exchanges), Usage())

    def open(self, make: Callable[[int], Asked]) -> Asked:
        """Enter a call, made for the number that is next."""
        with self._changed:
            asked = make(len(self._exchanges) + 1)
            self._exchanges.append(Exchange(asked))
            self._changed.notify_all()
            return asked

    def bill(self, number: int, usage: Usage) -> None:
        """Say what a call has cost up to now, all of it."""
        self._update(number, lambda exchange: replace(exchange, billed=usage))

    def close(self, number: int, end: End) -> None:
        """Say how a call ended; only the first word on it counts."""
        self._update(number, lambda e: replace(e, end=end) if e.end is End.IN_PROGRESS else e)

    def wait_until(
        self, condition: Callable[[tuple[Exchange, ...]], bool], timeout: float | None
    ) -> bool:
        """Wait at most `timeout` seconds for a condition; whether it came about."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(tuple(self._exchanges)), timeout)

    def _update(self, number: int, change: Callable[[Exchange], Exchange]) -> None:
        with self._changed:
            self._exchanges[number - 1] = change(self._exchanges[number - 1])
            self._changed.notify_all()
