"""Code that waits, as it is, in a world where one thing happens after the other.

A thread that runs only while the one that resumes it stands still.
"""

import threading
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """Comes out of `wait` in a fiber that is to end; no handler of errors is meant to hold it."""


class Fiber:
    """`work` runs until it calls `wait`, and on from there each time that it is resumed."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._go = threading.Lock()  # two batons: held by nobody means handed over
        self._back = threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._message: Any = None
        self._is_to_end = False
        self._failure: BaseException | None = None
        self.is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Run until it waits for the first time. Raises what its work raises, as all three do."""
        self._thread.start()
        self._until_it_waits()

    def resume(self, message: Any = None) -> None:
        """Let `wait` return the message, and run until it waits again or is over."""
        self._message = message
        self._go.release()
        self._until_it_waits()

    def kill(self) -> None:
        """End it where it waits."""
        self._is_to_end = True
        self.resume()

    def wait(self) -> Any:
        """Called inside: stand still until somebody resumes it."""
        self._back.release()
        self._go.acquire()
        if self._is_to_end:
            raise Killed
        return self._message

    def _until_it_waits(self) -> None:
        self._back.acquire()
        if not self.is_over:
            return
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._work()
        except Killed:
            pass
        except BaseException as failure:  # noqa: BLE001 - raised again where it is resumed
            self._failure = failure
        self.is_over = True
        self._back.release()
