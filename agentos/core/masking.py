"""Secrets out of text and byte streams, in every spelling that a program may print them in."""

import json
import re
from collections.abc import Iterable
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
        self._text_pattern = re.compile(
            "|".join(re.escape(form) for form in sorted(spellings, key=len, reverse=True))
        )
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """A whole text without the secrets."""
        return self._text_pattern.sub(MASK, text) if self._forms else text

    def stream(self) -> "MaskingStream":
        """A state of its own for one stream of bytes."""
        return MaskingStream(self._forms)


def mask_quoted(text: str, secret: str) -> str:
    """A short text that may quote the secret or a part of it, as a provider's refusal does.

    A part is 8 characters or more. Where a key begins as every key does, that goes, too.
    """
    text = Masker([secret]).mask(text)
    starts = range(len(secret) - SHORTEST_SECRET + 1)
    parts = {secret[start : start + SHORTEST_SECRET].lower() for start in starts}
    lowered = text.lower()
    if not parts or len(lowered) != len(text):  # İ has two letters in lower case
        lowered = text
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


class MaskingStream:
    """Masks bytes that come in chunks; where they are cut makes no difference.

    What could be the beginning of a secret is held back until the next chunk tells.
    """

    def __init__(self, forms: tuple[bytes, ...]) -> None:
        """Mask each of `forms`, which come longest first."""
        self._forms = forms
        self._pattern = re.compile(b"|".join(map(re.escape, forms)))
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """What is certain after this chunk."""
        data = self._held + chunk if self._held else chunk
        end = self._beginning_of_secret(data, 0)
        # Plain searches are many times faster than the pattern, and nearly always in vain.
        if not any(form in data for form in self._forms):
            self._held = data[end:]
            return data[:end]
        parts: list[bytes] = []
        done = 0
        for match in self._pattern.finditer(data):
            if match.start() >= end:
                break
            parts += data[done : match.start()], _MASK
            done = match.end()
            if done > end:
                end = self._beginning_of_secret(data, done)
        parts.append(data[done:end])
        self._held = data[end:]
        return b"".join(parts)

    def finish(self) -> bytes:
        """What was held back; a shorter secret in it is masked."""
        held, self._held = self._held, b""
        return self._pattern.sub(_MASK, held) if held else b""

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
