import csv
import io
import json

import pytest

from shelf.catalogue import Catalogue
from shelf.export import COLUMNS, FORMATS
from shelf.model import Entry


@pytest.fixture
def entries(catalogue: Catalogue) -> list[Entry]:
    catalogue.add("Ansichten eines Clowns", "Heinrich Böll")
    book = catalogue.add('Either|Or, "abridged"', "Søren Kierkegaard")
    catalogue.lend(book.id, "Ada")
    return catalogue.entries()


def written(name: str, entries: list[Entry]) -> str:
    stream = io.StringIO()
    FORMATS[name](entries, stream)
    return stream.getvalue()


def test_csv_can_be_read_back(entries: list[Entry]) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", entries))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["title"] for row in rows] == ["Ansichten eines Clowns", 'Either|Or, "abridged"']
    assert (rows[1]["borrower"], rows[1]["due_on"]) == ("Ada", "2024-06-28")


def test_json_keeps_letters_as_they_are(entries: list[Entry]) -> None:
    text = written("json", entries)
    assert "Böll" in text
    assert [record["status"] for record in json.loads(text)] == ["on the shelf", "lent"]


def test_a_bar_in_a_title_does_not_break_the_markdown_table(entries: list[Entry]) -> None:
    lines = written("markdown", entries).splitlines()
    assert lines[3] == r'| Søren Kierkegaard | Either\|Or, "abridged" | lent |'
