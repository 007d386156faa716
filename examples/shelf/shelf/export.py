"""The catalogue in formats that other programs read. One function per format."""

import csv
import json
from collections.abc import Callable, Iterable
from typing import TextIO

from shelf.model import Entry

COLUMNS = ("id", "title", "author", "isbn", "added_on", "status", "borrower", "due_on")


def write_csv(entries: Iterable[Entry], stream: TextIO) -> None:
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(entry) for entry in entries)


def write_json(entries: Iterable[Entry], stream: TextIO) -> None:
    records = [_record(entry) for entry in entries]
    json.dump(records, stream, ensure_ascii=False, indent=2)
    stream.write("\n")


def write_markdown(entries: Iterable[Entry], stream: TextIO) -> None:
    stream.write("| Author | Title | Status |\n| --- | --- | --- |\n")
    for entry in entries:
        cells = (entry.book.author, entry.book.title, entry.status)
        stream.write("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n")


FORMATS: dict[str, Callable[[Iterable[Entry], TextIO], None]] = {
    "csv": write_csv,
    "json": write_json,
    "markdown": write_markdown,
}


def _record(entry: Entry) -> dict[str, str | int | None]:
    book, loan = entry.book, entry.loan
    return {
        "id": book.id,
        "title": book.title,
        "author": book.author,
        "isbn": book.isbn,
        "added_on": book.added_on.isoformat(),
        "status": entry.status,
        "borrower": loan.borrower if loan else None,
        "due_on": loan.due_on.isoformat() if loan else None,
    }
