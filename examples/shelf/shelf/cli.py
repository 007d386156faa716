"""The command line: reads arguments, asks the catalogue, prints the answer."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from shelf import __version__, config, export
from shelf.catalogue import Catalogue
from shelf.errors import ShelfError
from shelf.model import Entry
from shelf.store import Store


def main(argv: Sequence[str] | None = None, *, today: Callable[[], date] = date.today) -> int:
    args = _parser().parse_args(argv)
    try:
        settings = config.load(args.config, os.environ, Path.home())
        with Store(settings.database) as store:
            args.command(Catalogue(store, settings, today), args)
    except ShelfError as error:
        print(f"shelf: {error}", file=sys.stderr)
        return 1
    return 0


def _add(catalogue: Catalogue, args: argparse.Namespace) -> None:
    book = catalogue.add(args.title, args.author, args.isbn)
    print(f"Added {book.id}: {book}")


def _lend(catalogue: Catalogue, args: argparse.Namespace) -> None:
    loan = catalogue.lend(args.book, args.borrower, args.days)
    print(f"Lent {loan.book.title} to {loan.borrower}, due back on {loan.due_on}")


def _return(catalogue: Catalogue, args: argparse.Namespace) -> None:
    loan = catalogue.take_back(args.book)
    print(f"{loan.book.title} is back from {loan.borrower}{_lateness(catalogue.days_late(loan))}")


def _search(catalogue: Catalogue, args: argparse.Namespace) -> None:
    entries = catalogue.search(" ".join(args.words))
    for entry in entries:
        print(_line(entry))
    if not entries:
        print("No book matches." if args.words else "The shelf is empty.")


def _loans(catalogue: Catalogue, args: argparse.Namespace) -> None:
    loans = catalogue.loans(overdue_only=args.overdue)
    for loan in loans:
        late = _lateness(catalogue.days_late(loan))
        print(f"{loan.book.id:>4}  {loan.due_on}  {loan.borrower}: {loan.book.title}{late}")
    if not loans:
        print("Nothing is overdue." if args.overdue else "Nothing is lent.")


def _export(catalogue: Catalogue, args: argparse.Namespace) -> None:
    write = export.FORMATS[args.format]
    if args.output is None:
        write(catalogue.entries(), sys.stdout)
        return
    try:
        with args.output.open("w", encoding="utf-8", newline="") as stream:
            write(catalogue.entries(), stream)
    except OSError as error:
        raise ShelfError(f"cannot write {args.output}: {error.strerror}") from error


def _line(entry: Entry) -> str:
    loan = entry.loan
    out = f"  (lent to {loan.borrower} until {loan.due_on})" if loan else ""
    return f"{entry.book.id:>4}  {entry.book}{out}"


def _lateness(days: int) -> str:
    return f", {days} day{'' if days == 1 else 's'} late" if days else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shelf", description="A small lending library.")
    parser.add_argument("--version", action="version", version=f"shelf {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="read settings from FILE")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="enter a book")
    add.add_argument("title")
    add.add_argument("author")
    add.add_argument("--isbn", help="ISBN-13, with or without hyphens")
    add.set_defaults(command=_add)

    lend = commands.add_parser("lend", help="lend a book")
    lend.add_argument("book", type=int, help="the number of the book")
    lend.add_argument("borrower")
    lend.add_argument("--days", type=int, metavar="N", help="for how long")
    lend.set_defaults(command=_lend)

    back = commands.add_parser("return", help="take a book back")
    back.add_argument("book", type=int, help="the number of the book")
    back.set_defaults(command=_return)

    search = commands.add_parser("search", help="find books by title, author or ISBN")
    search.add_argument("words", nargs="*", metavar="WORD", help="no word at all lists every book")
    search.set_defaults(command=_search)

    loans = commands.add_parser("loans", help="list what is out")
    loans.add_argument("--overdue", action="store_true", help="only what should be back by now")
    loans.set_defaults(command=_loans)

    out = commands.add_parser("export", help="write the whole catalogue")
    out.add_argument("format", choices=sorted(export.FORMATS))
    out.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    out.set_defaults(command=_export)

    return parser
