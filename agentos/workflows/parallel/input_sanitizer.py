"""The gate for identifiers that people type: what passes is safe as part of a file name."""

import re

from agentos.core.identifiers import MAX_IDENTIFIER_LENGTH
from agentos.core.terminal_text import printable

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PATH = re.compile(r"[/\\]|^[A-Za-z]:")
_SHOWN = 60  # characters of a refused text in the message


def sanitize_identifier(text: str) -> str:
    """`text` itself, if it is ASCII letters, digits, `-` and `_`, a letter or digit first.

    Raises ValueError for anything else; the message shows the text escaped and shortened.
    """
    if not text:
        raise ValueError("Invalid identifier: it is empty")
    shown = f'"{printable(text, _SHOWN)}"'
    if _PATH.search(text):
        raise ValueError(f"Invalid identifier: path separators not allowed in {shown}")
    if len(text) > MAX_IDENTIFIER_LENGTH:
        raise ValueError(
            f"Invalid identifier: {shown} is longer than {MAX_IDENTIFIER_LENGTH} characters"
        )
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(
            f"Invalid identifier: invalid characters in {shown}; "
            "letters, digits, - and _ may be used, and a letter or digit comes first"
        )
    return text
