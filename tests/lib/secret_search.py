"""A search for secrets, and for parts of them, in whatever was left behind.

What it finds is told without the secret: by whose it is, in which spelling, and where.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SHORTEST = 8
"""Characters in a row that give a part of a secret away."""

_IN_BASE64, _IN_HEX = 11, 16
"""What as many characters take at least in these: a shorter run is found in any hash or number."""


@dataclass(frozen=True, order=True)
class Find:
    """A part of a secret: the secret's name, how it is spelled, where it is."""

    secret: str
    spelling: str
    place: str


class SecretSearch:
    """Looks for runs of SHORTEST characters of secrets, given by name, in bytes."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._windows: dict[int, dict[bytes, tuple[str, str]]] = {}  # by their length
        for name, secret in secrets.items():
            for spelling, form, length in _spellings(secret):
                known = self._windows.setdefault(length, {})
                for window in _windows(form.encode(), length):
                    known.setdefault(window, (name, spelling))  # the plainest counts

    def look_into(self, data: bytes, place: str) -> set[Find]:
        """What is in the bytes of a place."""
        return {
            Find(*known[window], place)
            for length, known in self._windows.items()
            for window in known.keys() & _windows(data, length)
        }

    def look_at(self, path: Path) -> set[Find]:
        """What is in a file or in its name; one that has gone meanwhile holds nothing."""
        if found := self.look_into(str(path).encode(), "the name of a file"):
            return found
        try:
            return self.look_into(path.read_bytes(), str(path))
        except OSError:
            return set()


def _windows(data: bytes, length: int) -> frozenset[bytes]:
    """Every run of so many bytes."""
    return frozenset(data[at : at + length] for at in range(len(data) - length + 1))


def _spellings(secret: str) -> Iterator[tuple[str, str, int]]:
    """Each with its name, and how long a part of it tells SHORTEST characters."""
    yield "plain", secret, SHORTEST
    yield "in lower case", secret.lower(), SHORTEST
    yield "in upper case", secret.upper(), SHORTEST
    yield "as in JSON", json.dumps(secret)[1:-1].replace("/", "\\/"), SHORTEST
    yield "as in a URL", quote(secret, safe=""), SHORTEST
    yield "in hex", secret.encode().hex(), _IN_HEX
    for shift in range(3):  # bytes before it, of which the first letters tell nothing of it
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        inner = encoded[0 if shift == 0 else shift + 1 : -1]
        safe = inner.translate({43: "-", 47: "_"})
        yield f"in base64, shifted by {shift}", inner, _IN_BASE64
        yield f"in URL-safe base64, shifted by {shift}", safe, _IN_BASE64
