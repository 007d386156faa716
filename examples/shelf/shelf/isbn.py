"""ISBN-13: thirteen digits of which the last one checks the others."""

from shelf.errors import InvalidBook

_DIGITS = frozenset("0123456789")


def normalise(text: str) -> str:
    """The thirteen digits of an ISBN that may be written with hyphens and spaces."""
    digits = text.replace("-", "").replace(" ", "")
    if len(digits) != 13 or not _DIGITS.issuperset(digits):
        raise InvalidBook(f"{text!r} is not an ISBN: thirteen digits are needed")
    if check_digit(digits[:12]) != digits[12]:
        raise InvalidBook(f"{text!r} is not an ISBN: its check digit is wrong, is there a typo?")
    return digits


def check_digit(first_twelve: str) -> str:
    """The digit that makes the weighted sum of all thirteen a multiple of ten."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first_twelve))
    return str(-total % 10)
