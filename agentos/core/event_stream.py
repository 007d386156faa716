"""The one stream that all events of a run go through."""

import threading
from collections.abc import Callable

from agentos.core.events import Event

Subscriber = Callable[[Event], None]


class EventStream:
    """Hands each event to every subscriber, one event at a time, from whatever thread."""

    def __init__(self, *subscribers: Subscriber) -> None:
        self._subscribers = list(subscribers)
        self._lock = threading.RLock()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Add one more; it sees what is published from now on."""
        with self._lock:
            self._subscribers.append(subscriber)

    def publish(self, event: Event) -> None:
        """Call the subscribers in their order; returns when all have seen the event."""
        with self._lock:
            for subscriber in self._subscribers:
                subscriber(event)
