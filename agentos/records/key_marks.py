"""Marks by which a key is known again, though nothing of it is written down.

A mark is a keyed digest. Its key, the salt, is random, one for each user, and lies in a file of its
own: who sees a mark without it cannot even test a guess.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentos.core.credentials import Credential
from agentos.core.files import read_regular, replace_file
from agentos.records.files import FILE_MODE

Marks = frozenset[str]
"""Those of a quota's keys."""

_SALT_BYTES = 32
_MARK_LETTERS = 32  # of a digest in hex: 128 bits


def read_salt(path: Path) -> bytes | None:
    """The salt; None where there is none that can be used."""
    try:
        salt = b"" if path.is_symlink() else read_regular(path, most=_SALT_BYTES)
    except OSError:
        return None
    return salt if len(salt) == _SALT_BYTES else None


def made_salt(path: Path) -> bytes:
    """The salt, made where there is none: by one process at a time. Raises OSError."""
    salt = read_salt(path)
    if salt is None:
        salt = secrets.token_bytes(_SALT_BYTES)
        replace_file(path, salt, mode=FILE_MODE, durable=False)
    return salt


def marks_by_quota(credentials: Iterable[Credential], salt: bytes | None) -> Mapping[str, Marks]:
    """The marks of the keys that share a quota, by its name; none for logins without a key."""
    quotas: dict[str, Marks] = {}
    for one in credentials:
        marks = quotas.setdefault(one.domain_name, frozenset())
        if one.secret is not None:
            # Without a salt no key is known again; the empty one is nobody's mark.
            quotas[one.domain_name] = marks | {"" if salt is None else _mark(one.secret, salt)}
    return quotas


def _mark(secret: str, salt: bytes) -> str:
    message = secret.encode("utf-8", "surrogatepass")
    return hmac.digest(salt, message, "sha256").hex()[:_MARK_LETTERS]
