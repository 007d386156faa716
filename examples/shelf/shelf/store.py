"""Books and loans in one SQLite file. The only module that knows SQL.

Dates are kept as ISO text, which sorts as dates do and can be read in any SQLite browser.
"""

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from shelf.errors import LoanRefused, StoreError
from shelf.model import Book, Loan

SCHEMA_VERSION = 1

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS books (
    id        INTEGER PRIMARY KEY,
    title     TEXT NOT NULL,
    author    TEXT NOT NULL,
    isbn      TEXT,
    added_on  TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS loans (
    id           INTEGER PRIMARY KEY,
    book_id      INTEGER NOT NULL REFERENCES books (id),
    borrower     TEXT NOT NULL,
    lent_on      TEXT NOT NULL,
    due_on       TEXT NOT NULL,
    returned_on  TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_loan_per_book
    ON loans (book_id) WHERE returned_on IS NULL;
PRAGMA user_version = 1;
COMMIT;
"""

_LOANS = """
SELECT loans.id AS loan_id, borrower, lent_on, due_on, returned_on,
       books.id AS id, title, author, isbn, added_on
FROM loans JOIN books ON books.id = loans.book_id
"""


class Store:
    """One open database; use it as a context manager so that it is closed again."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot open {path}: {error}") from error
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare(path)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, path: Path) -> None:
        try:
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise StoreError(f"{path} was written by a newer shelf; please update this one")
            self._db.execute("PRAGMA foreign_keys = ON")
            if version < SCHEMA_VERSION:
                self._db.executescript(_SCHEMA)  # harmless if another shelf does it, too
        except sqlite3.Error as error:
            raise StoreError(f"cannot use {path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def add_book(self, title: str, author: str, isbn: str | None, added_on: date) -> Book:
        book_id = self._write(
            "INSERT INTO books (title, author, isbn, added_on) VALUES (?, ?, ?, ?)",
            (title, author, isbn, added_on.isoformat()),
        )
        return Book(book_id, title, author, isbn, added_on)

    def book(self, book_id: int) -> Book | None:
        try:
            row = self._db.execute("SELECT * FROM books WHERE id = ?", (book_id,)).fetchone()
        except OverflowError:  # more than the 64 bits that SQLite has for a number
            return None
        return None if row is None else _book(row)

    def books(self) -> list[Book]:
        """All books in the order in which they stand: by author, then by title."""
        rows = self._db.execute("SELECT * FROM books ORDER BY author, title")
        return [_book(row) for row in rows]

    def add_loan(self, book: Book, borrower: str, lent_on: date, due_on: date) -> Loan:
        try:
            loan_id = self._write(
                "INSERT INTO loans (book_id, borrower, lent_on, due_on) VALUES (?, ?, ?, ?)",
                (book.id, borrower, lent_on.isoformat(), due_on.isoformat()),
            )
        except sqlite3.IntegrityError as error:
            # The catalogue has looked before; somebody at another terminal was quicker.
            raise LoanRefused(f"{book.title} has just been lent to somebody else") from error
        return Loan(loan_id, book, borrower, lent_on, due_on)

    def close_loan(self, loan: Loan, returned_on: date) -> Loan:
        self._write(
            "UPDATE loans SET returned_on = ? WHERE id = ?", (returned_on.isoformat(), loan.id)
        )
        return replace(loan, returned_on=returned_on)

    def open_loans(self) -> list[Loan]:
        """What is out, the earliest due date first."""
        query = _LOANS + "WHERE returned_on IS NULL ORDER BY due_on, loan_id"
        return [_loan(row) for row in self._db.execute(query)]

    def _write(self, statement: str, values: tuple[str | int | None, ...]) -> int:
        """Run one statement in a transaction of its own; the number of the row it inserted."""
        try:
            with self._db:
                return self._db.execute(statement, values).lastrowid or 0
        except sqlite3.OperationalError as error:  # locked, read-only, disk full
            raise StoreError(f"cannot write to the database: {error}") from error


def _book(row: sqlite3.Row) -> Book:
    return Book(
        id=row["id"],
        title=row["title"],
        author=row["author"],
        isbn=row["isbn"],
        added_on=date.fromisoformat(row["added_on"]),
    )


def _loan(row: sqlite3.Row) -> Loan:
    return Loan(
        id=row["loan_id"],
        book=_book(row),
        borrower=row["borrower"],
        lent_on=date.fromisoformat(row["lent_on"]),
        due_on=date.fromisoformat(row["due_on"]),
        returned_on=date.fromisoformat(row["returned_on"]) if row["returned_on"] else None,
    )
