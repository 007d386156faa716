import pytest

from shelf.errors import InvalidBook
from shelf.isbn import normalise


@pytest.mark.parametrize("text", ["9783161484100", "978-3-16-148410-0", "978 3 16 148410 0"])
def test_hyphens_and_spaces_do_not_matter(text: str) -> None:
    assert normalise(text) == "9783161484100"


@pytest.mark.parametrize("text", ["", "123", "978316148410X", "٩٧٨٣١٦١٤٨٤١٠٠"])
def test_anything_but_thirteen_digits_is_refused(text: str) -> None:
    with pytest.raises(InvalidBook, match="thirteen digits"):
        normalise(text)


def test_two_swapped_digits_are_noticed() -> None:
    with pytest.raises(InvalidBook, match="check digit"):
        normalise("9783161484010")
