"""What a test of a requirement has to look at, told from its wording."""

import re

_LIMIT = re.compile(
    r"\b(?:at most|at least|less than|more than|fewer than|no more than|up to|within|between"
    r"|longer than|shorter than|maximum of|minimum of)\s+\d[\d.,]*(?:\s+and\s+\d[\d.,]*)?"
    r"(?:\s*(?:%|[a-zA-Z]+))?",
    re.IGNORECASE,
)
_REFUSAL = (
    r"refuse[sd]?|reject(?:s|ed)?|denied|forbidden|cannot be|must not|not allowed|invalid"
    r"|fails (?:with|if|when)|usage error"
)
_ORDER = "order|ordered|sorted|first|latest|oldest|newest"
_FAILURE = (
    r"half-way|interrupted|crash(?:es|ed)?|disk is full|at the same (?:time|moment)|transaction"
)
_HINTS = (
    (_REFUSAL, "the forbidden attempt is turned down and changes nothing"),
    (r"exits? (?:code|with)|exit status", "the exit code"),
    (r"if [^,;.]* fails", "that failure, brought about on purpose"),
    (r"error message|the message|says|warns|sentence", "what is said, and on which stream"),
    (_ORDER, "the order, with three entries or more"),
    (r"unless|optional|by default", "both with and without"),
    (r"twice|again|repeat(?:s|ed)?|already", "doing it a second time"),
    (_FAILURE, "that a failure in the middle leaves the old state"),
)
_PATTERNS = [(re.compile(rf"\b(?:{words})\b", re.IGNORECASE), hint) for words, hint in _HINTS]


def what_to_check(requirement: str, *, is_criterion: bool) -> str:
    """A phrase for the table of test scenarios; a criterion is a case that the issue itself gives.

    >>> what_to_check("A tag has at most 30 characters.", is_criterion=False)
    'below, at and beyond the limit (at most 30 characters)'
    """
    hints = [hint for pattern, hint in _PATTERNS if pattern.search(requirement)]
    if limit := _LIMIT.search(requirement):
        hints.insert(0, f"below, at and beyond the limit ({limit[0].strip(' .,')})")
    if hints:
        return "; ".join(hints)
    return "this very case" if is_criterion else "a typical case, and the result as stated"
