"""What was asked of the providers, and what of it need not be asked again."""

from benchmarks.day.rules import BrokenPromiseError


class Bill:
    """Of the whole day, by item and step."""

    def __init__(self) -> None:
        self.calls = 0
        self._finished: set[tuple[int, int]] = set()

    def called(self, item: int, step: int) -> None:
        """A call goes out. Raises BrokenPromiseError if its step is finished."""
        self.calls += 1
        if (item, step) in self._finished:
            raise BrokenPromiseError(f"Item {item} pays again for its step {step}")

    def finished(self, item: int, step: int) -> None:
        """A step is on disk.

        Raises BrokenPromiseError if it was before, or if the one before it is not.
        """
        if (item, step) in self._finished or (step and (item, step - 1) not in self._finished):
            raise BrokenPromiseError(f"Item {item} finishes its step {step} twice, or too early")
        self._finished.add((item, step))
