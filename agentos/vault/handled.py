"""The secrets that this process took in by itself, from a prompt or a keyring.

Whoever writes down what went wrong masks them without asking for them again: a keyring may ask a
person to unlock it.
"""

_handled: set[str] = set()


def remember(secret: str) -> None:
    """Count it among them."""
    _handled.add(secret)


def handled() -> frozenset[str]:
    """All of them."""
    return frozenset(_handled)
