"""Names that are safe in a path: slugs for what is found, labels for what is shown."""

import re
import unicodedata

MAX_IDENTIFIER_LENGTH = 100
"""Characters; a file name may have 255 bytes and identifiers get prefixes and suffixes."""

_UNSAFE = re.compile(r"[^a-z0-9]+")
_ISSUE_FILE = re.compile(r"(?P<number>[0-9]{1,18})(?:-.*)?(?<!\.new)\.md", re.DOTALL)


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; `item` where nothing is left.

    >>> slugify("Loan Reminders (v2)")
    'loan-reminders-v2'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    slug = _UNSAFE.sub("-", plain.lower()).strip("-")
    return slug[:MAX_IDENTIFIER_LENGTH].strip("-") or "item"


def issue_number(file_name: str) -> str | None:
    """The number, without leading zeros, of a file called `NNN.md` or `NNN-slug.md`.

    None for other files, `NNN-slug.new.md` among them.

    >>> issue_number("042-loan-reminders.md")
    '42'
    """
    match = _ISSUE_FILE.fullmatch(file_name)
    return str(int(match["number"])) if match else None
