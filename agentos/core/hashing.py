"""The hash by which inputs and documents are told apart."""

import hashlib


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
