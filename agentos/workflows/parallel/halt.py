"""When a run that goes wrong is ended: `now,fail=1`, `soon,fail=20%`, as GNU parallel writes it."""

import re
from dataclasses import dataclass
from typing import Self

_RULE = re.compile(r"(?P<when>now|soon),fail=(?P<amount>[0-9]{1,9})(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class HaltRule:
    """`now` ends what runs, else nothing new starts; `amount` is of items, or of each hundred."""

    now: bool
    amount: int
    is_percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a user typed; raises ValueError."""
        match = _RULE.fullmatch(text)
        if match is None:
            raise ValueError("no rule of the form now,fail=N or soon,fail=P%")
        amount, is_percent = int(match["amount"]), bool(match["percent"])
        if amount < 1 or (is_percent and amount > 100):
            raise ValueError(
                "no rule: the number is at least 1, and at most 100 where it is of 100"
            )
        return cls(match["when"] == "now", amount, is_percent)

    def is_met(self, failed: int, total: int) -> bool:
        """Whether so many of all items are too many."""
        return failed * 100 >= self.amount * total if self.is_percent else failed >= self.amount

    def __str__(self) -> str:
        percent = "%" if self.is_percent else ""
        return f"{'now' if self.now else 'soon'},fail={self.amount}{percent}"
