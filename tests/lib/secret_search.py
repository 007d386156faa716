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


@dataclass(frozen=True, order=True)
class Find:
    """A part of a secret: the secret's name, how it is spelled, where it is."""

    secret: str
    spelling: str
    place: str


class SecretSearch:
    """Looks for runs of SHORTEST characters of secrets, given by name, in bytes."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._windows: dict[bytes, tuple[str, str]] = {}
        for name, secret in secrets.items():
            for spelling, form in _spellings(secret):
                for window in windows(form.encode()):
                    self._windows.setdefault(window, (name, spelling))  # the plainest counts
        self._all = frozenset(self._windows)

    def look_into(self, data: bytes, place: str) -> set[Find]:
        """What is in the bytes of a place."""
        found = self._all.intersection(windows(data))
        return {Find(*self._windows[window], place) for window in found}

    def look_at(self, path: Path) -> set[Find]:
        """What is in a file or in its name; one that has gone meanwhile holds nothing."""
        if found := self.look_into(str(path).encode(), "the name of a file"):
            return found
        try:
            return self.look_into(path.read_bytes(), str(path))
        except OSError:
            return set()


def windows(data: bytes) -> Iterator[bytes]:
    """Every run of SHORTEST bytes."""
    return (data[at : at + SHORTEST] for at in range(len(data) - SHORTEST + 1))


def _spellings(secret: str) -> Iterator[tuple[str, str]]:
    yield "plain", secret
    yield "in lower case", secret.lower()
    yield "in upper case", secret.upper()
    yield "as in JSON", json.dumps(secret)[1:-1].replace("/", "\\/")
    yield "as in a URL", quote(secret, safe="")
    yield "in hex", secret.encode().hex()
    for shift in range(3):  # bytes before it, of which the first letters tell nothing of it
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        inner = encoded[0 if shift == 0 else shift + 1 : -1]
        yield f"in base64, shifted by {shift}", inner
        yield f"in URL-safe base64, shifted by {shift}", inner.translate({43: "-", 47: "_"})
