"""Names that are safe in a path: slugs for what is found, labels for what is shown."""

import re
import unicodedata

MAX_IDENTIFIER_LENGTH = 100
"""Characters; a file name may have 255 bytes and identifiers get prefixes and suffixes."""

_UNSAFE = re.compile(r"[^a-z0-9]+")


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; `item` where nothing is left.

    >>> slugify("Loan Reminders (v2)")
    'loan-reminders-v2'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    slug = _UNSAFE.sub("-", plain.lower()).strip("-")
    return slug[:MAX_IDENTIFIER_LENGTH].strip("-") or "item"
