"""What can go wrong, in words for the person at the keyboard.

ShelfError
├── ConfigError      the configuration file cannot be used
├── StoreError       the database cannot be used
├── InvalidBook      a book without a title, or with an ISBN that is none
├── BookNotFound     no book has that number
└── LoanRefused      a rule of the library stands against it
"""


class ShelfError(Exception):
    """The base of all errors whose text is fit to be shown to a person."""


class ConfigError(ShelfError):
    pass


class StoreError(ShelfError):
    pass


class InvalidBook(ShelfError):
    pass


class BookNotFound(ShelfError):
    def __init__(self, book_id: int) -> None:
        super().__init__(f"there is no book with the number {book_id}")


class LoanRefused(ShelfError):
    pass
