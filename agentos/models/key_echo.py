"""The key out of a response, before an SDK reads it: a server may quote what it was sent.

An SDK puts what it read into its exceptions, whose texts no adapter can change any more.
"""

import re
from collections.abc import Callable

from agentos.core.masking import SHORTEST_SECRET
from agentos.core.quoted_secrets import Quotes

_OF_AN_ERROR = re.compile(r'"error"\s*:\s*[{"\[]')
"""In a line of a response that looked well, also in an event of a stream."""


class KeyEcho:
    """Knows the key of one call; a call without a key, or with a word for one, has no echo."""

    def __init__(self, secret: str | None) -> None:
        known = secret is not None and len(secret) >= SHORTEST_SECRET
        self._quotes = Quotes(secret) if known and secret else None

    def mask(self, text: str) -> str:
        """A short text, such as the value of a header."""
        return self._quotes.mask(text) if self._quotes else text

    def body(self, *, is_error: bool) -> "EchoedBody":
        """A state of its own for one body; of an error's nothing is needed to the letter."""
        if self._quotes is None:
            return EchoedBody(lambda line: line)
        mask, mask_prose = self._quotes.mask, self._quotes.mask_prose
        return EchoedBody(
            lambda line: mask(line) if is_error or _OF_AN_ERROR.search(line) else mask_prose(line)
        )


class EchoedBody:
    """Masks a text that comes in pieces. No line goes on before its end is here."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._held: list[str] = []

    def feed(self, piece: str) -> str:
        """All lines that are whole with this piece."""
        *lines, rest = piece.split("\n")
        if not lines:
            self._held.append(rest)
            return ""
        lines[0] = "".join([*self._held, lines[0]])
        self._held = [rest]
        return "".join(f"{self._mask(line)}\n" for line in lines)

    def finish(self) -> str:
        """What comes after the last line."""
        return self._mask("".join(self._held))
