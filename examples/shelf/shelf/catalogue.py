"""The rules of the library: what may be entered, lent, taken back and found.

No SQL and no printing here. The day is handed in as a function, so that tests choose it.
"""

from collections.abc import Callable
from datetime import date, timedelta

from shelf import isbn as isbns
from shelf.config import Settings
from shelf.errors import BookNotFound, InvalidBook, LoanRefused
from shelf.model import Book, Entry, Loan
from shelf.store import Store

LONGEST_LOAN_DAYS = 366


class Catalogue:
    def __init__(
        self, store: Store, settings: Settings, today: Callable[[], date] = date.today
    ) -> None:
        self._store = store
        self._settings = settings
        self._today = today

    def add(self, title: str, author: str, isbn: str | None = None) -> Book:
        title, author = _tidy(title), _tidy(author)
        if not title or not author:
            raise InvalidBook("a book needs a title and an author")
        number = isbns.normalise(isbn) if isbn is not None else None
        return self._store.add_book(title, author, number, self._today())

    def lend(self, book_id: int, borrower: str, days: int | None = None) -> Loan:
        borrower = _tidy(borrower)
        if not borrower:
            raise LoanRefused("a loan needs the name of a borrower")
        days = self._settings.loan_days if days is None else days
        if not 1 <= days <= LONGEST_LOAN_DAYS:
            raise LoanRefused(f"a loan lasts between 1 and {LONGEST_LOAN_DAYS} days, not {days}")
        book = self._book(book_id)
        loan = self._loan_of(book)
        if loan is not None:
            raise LoanRefused(f"{book.title} is lent to {loan.borrower} until {loan.due_on}")
        if self._count(borrower) >= self._settings.max_loans:
            raise LoanRefused(f"{borrower} has {self._settings.max_loans} books already")
        today = self._today()
        return self._store.add_loan(book, borrower, today, today + timedelta(days=days))

    def take_back(self, book_id: int) -> Loan:
        book = self._book(book_id)
        loan = self._loan_of(book)
        if loan is None:
            raise LoanRefused(f"{book.title} is not lent to anybody")
        return self._store.close_loan(loan, self._today())

    def entries(self) -> list[Entry]:
        """The whole catalogue in shelf order."""
        loans = {loan.book.id: loan for loan in self._store.open_loans()}
        return [Entry(book, loans.get(book.id)) for book in self._store.books()]

    def search(self, query: str) -> list[Entry]:
        """The entries that have every word of the query in their title, author or ISBN."""
        words = query.casefold().split()
        return [entry for entry in self.entries() if _matches(entry.book, words)]

    def loans(self, *, overdue_only: bool = False) -> list[Loan]:
        """What is out, the earliest due date first."""
        loans = self._store.open_loans()
        return [loan for loan in loans if self.days_late(loan)] if overdue_only else loans

    def days_late(self, loan: Loan) -> int:
        return loan.days_late(self._today())

    def _book(self, book_id: int) -> Book:
        book = self._store.book(book_id)
        if book is None:
            raise BookNotFound(book_id)
        return book

    def _loan_of(self, book: Book) -> Loan | None:
        return next((loan for loan in self._store.open_loans() if loan.book.id == book.id), None)

    def _count(self, borrower: str) -> int:
        name = borrower.casefold()
        return sum(loan.borrower.casefold() == name for loan in self._store.open_loans())


def _tidy(text: str) -> str:
    """The text with single spaces and none around it."""
    return " ".join(text.split())


def _matches(book: Book, words: list[str]) -> bool:
    text = f"{book.title} {book.author} {book.isbn or ''}".casefold()
    return all(word in text for word in words)
