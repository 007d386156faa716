"""A secret from a person or a pipe: not shown, and refused where it can be no key."""

import getpass
import os
import sys
import warnings

from agentos.core.config.credentials import checked_secret
from agentos.core.errors import UsageError
from agentos.vault.handled import remember

MOST_BYTES = 16 * 1024
"""More is no key of any provider."""

_NOTHING_STORED = "nothing is stored"


def read_secret(name: str) -> str:
    """The key of a credential, from a hidden prompt, or from stdin where that is no terminal.

    Raises UsageError, in which nothing of it is repeated.
    """
    if sys.stdin is None:
        raise UsageError("there is no stdin to read the key from", f"pipe it in; {_NOTHING_STORED}")
    secret = _typed(name) if sys.stdin.isatty() else _piped()
    if not secret:
        raise UsageError("no key was given", _NOTHING_STORED)
    if len(secret) > MOST_BYTES:
        raise UsageError(f"that is longer than any key, {MOST_BYTES:,} bytes", _NOTHING_STORED)
    if "\n" in secret or "\r" in secret:
        raise UsageError("that is more than one line", f"give the key alone; {_NOTHING_STORED}")
    remember(checked_secret(secret, "what was given"))
    return secret


def _typed(name: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"Key of {name} (it is not shown): ")
        except EOFError:
            return ""
        except getpass.GetPassWarning:
            raise UsageError(
                "this terminal would show what is typed",
                f"pipe the key in: agentos credentials add {name} < FILE",
            ) from None
        except (UnicodeDecodeError, OSError):
            raise UsageError("what was typed cannot be read", _NOTHING_STORED) from None


def _piped() -> str:
    """All of stdin without one newline at its end."""
    content = b""
    try:
        while len(content) <= MOST_BYTES + 2 and (chunk := os.read(sys.stdin.fileno(), 65536)):
            content += chunk
    except (OSError, ValueError):
        raise UsageError("stdin cannot be read", _NOTHING_STORED) from None
    text = content.decode("utf-8", "replace")
    return text.removesuffix("\n").removesuffix("\r")
