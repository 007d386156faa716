"""What a test of a requirement has to look at, told from its wording."""

import re

_LIMIT = re.compile(
    r"\b(?:at most|at least|less than|more than|fewer than|no more than|up to|within|between"
    r"|longer than|shorter than|maximum of|minimum of)\s+\d[\d.,]*(?:\s+and\s+\d[\d.,]*)?"
    r"(?:\s*(?:%|[a-zA-Z]+))?"
)
_REFUSAL = re.compile(
    r"\b(?:refuse[sd]?|reject(?:s|ed)?|denied|forbidden|cannot|can not|must not|never|invalid"
    r"|fails?|error|not allowed|not possible|nobody|nothing else)\b",
    re.IGNORECASE,
)


def what_to_check(requirement: str) -> str:
    """One phrase for the table of test scenarios."""
    if limit := _LIMIT.search(requirement):
        return f"just below, at and just beyond the limit ({limit[0].strip(' .,')})"
    if _REFUSAL.search(requirement):
        return "the forbidden attempt: it is turned down, and nothing has changed"
    return "the result, word for word as stated"
