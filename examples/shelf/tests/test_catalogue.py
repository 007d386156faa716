from datetime import date

import pytest
from conftest import Calendar

from shelf.catalogue import Catalogue
from shelf.errors import BookNotFound, InvalidBook, LoanRefused


def test_a_book_is_entered_tidily(catalogue: Catalogue) -> None:
    book = catalogue.add("  The   Dispossessed ", "Ursula K. Le Guin", "978-0-06-051275-0")
    assert (book.title, book.isbn) == ("The Dispossessed", "9780060512750")
    assert book.added_on == date(2024, 5, 31)


def test_a_book_without_a_title_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidBook):
        catalogue.add("   ", "Anonymous")


def test_a_loan_is_due_after_the_usual_time_or_the_given_one(catalogue: Catalogue) -> None:
    momo = catalogue.add("Momo", "Michael Ende")
    emma = catalogue.add("Emma", "Jane Austen")
    assert catalogue.lend(momo.id, "Ada").due_on == date(2024, 6, 28)
    assert catalogue.lend(emma.id, "Ada", days=7).due_on == date(2024, 6, 7)


@pytest.mark.parametrize("days", [0, -1, 367, 10**12])
def test_an_absurd_loan_time_is_refused(catalogue: Catalogue, days: int) -> None:
    book = catalogue.add("Momo", "Michael Ende")
    with pytest.raises(LoanRefused, match="between 1 and 366 days"):
        catalogue.lend(book.id, "Ada", days)


def test_a_lent_book_is_not_lent_again_until_it_is_back(catalogue: Catalogue) -> None:
    book = catalogue.add("Momo", "Michael Ende")
    catalogue.lend(book.id, "Ada")
    with pytest.raises(LoanRefused, match="lent to Ada until 2024-06-28"):
        catalogue.lend(book.id, "Grace")
    catalogue.take_back(book.id)
    assert catalogue.lend(book.id, "Grace").borrower == "Grace"


def test_a_borrower_has_a_limit_however_the_name_is_typed(catalogue: Catalogue) -> None:
    books = [catalogue.add(f"Volume {number}", "Marcel Proust") for number in (1, 2, 3)]
    catalogue.lend(books[0].id, "Ada")
    catalogue.lend(books[1].id, " ADA ")
    with pytest.raises(LoanRefused, match="2 books already"):
        catalogue.lend(books[2].id, "ada")


def test_a_book_that_is_not_lent_cannot_come_back(catalogue: Catalogue) -> None:
    book = catalogue.add("Momo", "Michael Ende")
    with pytest.raises(LoanRefused, match="not lent"):
        catalogue.take_back(book.id)


@pytest.mark.parametrize("number", [99, 0, -1, 10**30])
def test_a_number_that_no_book_has_is_named(catalogue: Catalogue, number: int) -> None:
    with pytest.raises(BookNotFound, match=f"number {number}"):
        catalogue.lend(number, "Ada")


def test_a_loan_is_overdue_from_the_day_after_its_due_date(
    catalogue: Catalogue, calendar: Calendar
) -> None:
    loan = catalogue.lend(catalogue.add("Momo", "Michael Ende").id, "Ada", days=7)
    calendar.pass_days(7)
    assert catalogue.loans(overdue_only=True) == []
    calendar.pass_days(1)
    assert catalogue.loans(overdue_only=True) == [loan]
    assert catalogue.days_late(catalogue.take_back(loan.book.id)) == 1


def test_search_wants_every_word_and_no_particular_case(catalogue: Catalogue) -> None:
    catalogue.add("Emma", "Jane Austen")
    catalogue.add("Persuasion", "Jane Austen")
    momo = catalogue.add("Momo", "Michael Ende", "9783161484100")
    assert len(catalogue.search("AUSTEN")) == 2
    assert [entry.book.title for entry in catalogue.search("jane emma")] == ["Emma"]
    assert [entry.book for entry in catalogue.search("97831614")] == [momo]
    assert catalogue.search("tolstoy") == []
