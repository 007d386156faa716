"""The things a library deals in: plain values that know nothing of storage or terminals."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Book:
    id: int
    title: str
    author: str
    isbn: str | None
    added_on: date

    def __str__(self) -> str:
        return f"{self.title}, by {self.author}"


@dataclass(frozen=True, slots=True)
class Loan:
    id: int
    book: Book
    borrower: str
    lent_on: date
    due_on: date
    returned_on: date | None = None

    def days_late(self, today: date) -> int:
        """How many days past its due date the book came back, or is by now; never negative."""
        end = self.returned_on or today
        return max(0, (end - self.due_on).days)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the catalogue: a book and, when it is out, the loan that took it."""

    book: Book
    loan: Loan | None

    @property
    def status(self) -> str:
        return "on the shelf" if self.loan is None else "lent"
