"""What is said of the name of a credential that there is not."""

import difflib

from agentos.core.config.credential_entries import shown_name
from agentos.core.errors import UsageError


def unknown(name: str, names: list[str]) -> UsageError:
    """The refusal; `names` are those that there are."""
    close = difflib.get_close_matches(name, names, n=1)
    called = "" if shown_name(name) == "..." else f" {name}"
    return UsageError(
        f"there is no credential{called}",
        f"is {close[0]} meant?" if close else "agentos credentials list shows those that there are",
    )
