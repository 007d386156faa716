"""One secret, and parts of it, out of texts of somebody who was sent it and may quote it."""

from agentos.core.masking import MASK, SHORTEST_SECRET, Masker

_GRAM = SHORTEST_SECRET // 2  # each part has one of these at a multiple of its length


class Quotes:
    """Knows a secret; a part of it is 8 characters or more, in whatever case."""

    def __init__(self, secret: str) -> None:
        self._whole = Masker([secret])
        lowered = secret.lower()
        starts = range(len(secret) - SHORTEST_SECRET + 1)
        self._parts = frozenset(lowered[at : at + SHORTEST_SECRET] for at in starts)
        telling = (at for at in starts if _is_telling(secret[at : at + SHORTEST_SECRET]))
        self._telling = frozenset(lowered[at : at + SHORTEST_SECRET] for at in telling)
        self._grams = frozenset(
            lowered[at : at + _GRAM] for at in range(0, len(lowered) - _GRAM + 1, _GRAM)
        )

    def mask(self, text: str) -> str:
        """A text of which nothing is needed to the letter, such as an error.

        Where a key begins as every key does, that goes, too.
        """
        return self._without(self._parts, text)

    def mask_prose(self, text: str) -> str:
        """A text that people want to read. What could be words of it is no part of a secret.

        A made-up key such as `sk-no-key-required` shall not take a word out of a document.
        """
        return self._without(self._telling, text)

    def _without(self, parts: frozenset[str], text: str) -> str:
        text = self._whole.mask(text)
        lowered = text.lower()
        if len(lowered) != len(text):  # İ has two letters in lower case
            lowered = text
        if not parts or not any(gram in lowered for gram in self._grams):
            return text  # as nearly always, and found out in a moment
        shown: list[str] = []
        at = 0
        while at < len(text):
            end = at
            while lowered[end : end + SHORTEST_SECRET] in parts:
                end += 1
            if end == at:
                shown.append(text[at])
                at += 1
            else:
                shown.append(MASK)
                at = end + SHORTEST_SECRET - 1
        return "".join(shown)


def mask_quoted(text: str, secret: str) -> str:
    """A short text without the secret and without parts of it, as `Quotes.mask` gives it."""
    return Quotes(secret).mask(text)


def _is_telling(part: str) -> bool:
    """Whether it looks random: a digit among letters, or both cases within it."""
    has_digit = any(char.isdigit() for char in part)
    inner = part[1:]  # a word may begin with a capital
    return has_digit or (inner.lower() != inner and part.upper() != part)
