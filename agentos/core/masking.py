"""Secrets out of text and byte streams, in every spelling that a program may print them in."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import AnyStr
from urllib.parse import quote, quote_plus

MASK = "***"
_MASK = MASK.encode()

_SHORTEST_RECASED = 16

SHORTEST_SECRET = 8
"""Characters, of a secret or of a part of one: a shorter one would be a word of any text."""

_LEFT_ALONE = ("", "/", "!*'()", "!*'();,/?:@&=+$#")
"""What URL escaping leaves as it is, beyond letters, digits and `-._~`: Python's two habits, then
those of JavaScript's encodeURIComponent and encodeURI."""


class Masker:
    """Knows the secrets of a run; white space around a secret is not part of it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {form for secret in secrets for form in _spellings(secret.strip())}
        forms = {_encoded(form) for form in spellings}
        self._spellings = tuple(sorted(spellings, key=len, reverse=True))
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """A whole text without the secrets."""
        return _replaced(text, self._spellings, MASK)

    def stream(self) -> "MaskingStream":
        """A state of its own for one stream of bytes."""
        return MaskingStream(self._forms)


class MaskingStream:
    """Masks bytes that come in chunks; where they are cut makes no difference.

    What could be the beginning of a secret is held back until the next chunk tells.
    """

    def __init__(self, forms: tuple[bytes, ...]) -> None:
        """Mask each of `forms`, which come longest first."""
        self._forms = forms
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """What is certain after this chunk."""
        data = self._held + chunk if self._held else chunk
        end = self._beginning_of_secret(data, 0)
        parts: list[bytes] = []
        done = 0
        for start, after in _places(data, self._forms):
            if start >= end:
                break
            parts += data[done:start], _MASK
            done = after
            if done > end:
                end = self._beginning_of_secret(data, done)
        parts.append(data[done:end])
        self._held = data[end:]
        return b"".join(parts)

    def finish(self) -> bytes:
        """What was held back; a shorter secret in it is masked."""
        held, self._held = self._held, b""
        return _replaced(held, self._forms, _MASK)

    def _beginning_of_secret(self, data: bytes, start: int) -> int:
        """Where the longest end of `data` that a form could begin with begins."""
        found = len(data)
        for form in self._forms:
            first = form[:1]
            at = data.find(first, max(start, len(data) - len(form) + 1))
            while 0 <= at < found:
                if form.startswith(data[at:]):
                    found = at
                at = data.find(first, at + 1)
        return found


def _replaced(text: AnyStr, forms: Sequence[AnyStr], mask: AnyStr) -> AnyStr:
    parts: list[AnyStr] = []
    done = 0
    for start, end in _places(text, forms):
        parts += text[done:start], mask
        done = end
    parts.append(text[done:])
    return mask[:0].join(parts)


def _places(text: AnyStr, forms: Sequence[AnyStr]) -> Iterator[tuple[int, int]]:
    """Start and end of each form in the text, from left to right and without overlaps.

    `forms` come longest first: of those that begin at one place the longest counts. This is no
    business of `re`, whose cache would keep the secrets and whose exceptions would name them.
    """
    ahead = [(at, form) for form in forms if (at := text.find(form)) >= 0]
    while ahead:
        start, first = min(ahead, key=lambda one: one[0])  # of several the one that comes first
        end = start + len(first)
        yield start, end
        moved = ((at if at >= end else text.find(form, end), form) for at, form in ahead)
        ahead = [one for one in moved if one[0] >= 0]


def _spellings(secret: str) -> set[str]:
    """Plain, as in JSON, as in a repr, as in a URL; the empty set for an empty secret."""
    if not secret:
        return set()
    raw = _encoded(secret)
    ascii_json = json.dumps(secret)[1:-1]
    in_urls = {quote(raw, safe) for safe in _LEFT_ALONE} | {quote_plus(raw)}
    # A name of a host or type comes back in lower case; short ones would be words of any text.
    cases = {secret.lower(), secret.upper()} if len(secret) >= _SHORTEST_RECASED else set()
    return {
        secret,
        *cases,
        ascii_json,
        ascii_json.replace("/", "\\/"),
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        repr('"' + secret)[2:-1],  # with ' escaped, as it is inside of a larger string
        ascii(secret)[1:-1],
        repr(raw)[2:-1],
        *in_urls,
        *(re.sub("%..", lambda escape: escape[0].lower(), form) for form in in_urls),
    }


def _encoded(text: str) -> bytes:
    """UTF-8; bytes that came through the environment undecoded are themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
