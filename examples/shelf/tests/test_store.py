import sqlite3
from datetime import date
from pathlib import Path

import pytest

from shelf.errors import LoanRefused, StoreError
from shelf.store import SCHEMA_VERSION, Store

TODAY = date(2024, 5, 31)


def test_books_and_loans_survive_closing_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "shelf.db"
    with Store(path) as store:
        book = store.add_book("Momo", "Michael Ende", None, TODAY)
        loan = store.add_loan(book, "Ada", TODAY, date(2024, 6, 28))
    with Store(path) as store:
        assert store.books() == [book]
        assert store.open_loans() == [loan]


def test_the_database_itself_refuses_a_second_open_loan(tmp_path: Path) -> None:
    with Store(tmp_path / "shelf.db") as store:
        book = store.add_book("Momo", "Michael Ende", None, TODAY)
        store.add_loan(book, "Ada", TODAY, TODAY)
        with pytest.raises(LoanRefused, match="just been lent"):
            store.add_loan(book, "Grace", TODAY, TODAY)
        assert [loan.borrower for loan in store.open_loans()] == ["Ada"]


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada, your book is overdue.\n" * 40)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="cannot use"):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shelf.db"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(StoreError, match="newer shelf"):
        Store(path)
