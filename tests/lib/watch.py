"""Looks again and again while something goes on."""

import threading
from types import TracebackType
from typing import Self


class Watch:
    """A thread that calls `look` every so often while the block runs."""

    pause: float
    """Seconds between two looks."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=type(self).__name__)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """Once."""
        raise NotImplementedError

    def _watch(self) -> None:
        while not self._over.wait(self.pause):
            self.look()
