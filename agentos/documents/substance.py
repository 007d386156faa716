"""Whether a text that a model gave can be what it was asked for at all."""

import re

from agentos.core.text import well_formed

_SHORTEST_DOCUMENT = 40  # characters; "ACK", "OK, done." and "502 Bad Gateway" are shorter
_PAGE = re.compile(r"\s*(<!doctype html|<html[\s>]|<\?xml)", re.IGNORECASE)
_FENCE = re.compile(
    r"(?P<fence>`{3,})(?P<language>markdown|md)?\n(?P<text>.*)\n(?P=fence)", re.DOTALL
)


def unwrapped(text: str) -> str:
    """The text without a fence around the whole, as UTF-8 can write it, its lines ended by LF."""
    text = well_formed(text).replace("\r\n", "\n").strip()
    match = _FENCE.fullmatch(text)
    if match is None:
        return text
    inner = [line for line in match["text"].split("\n") if line.startswith(match["fence"])]
    # Models forget to make the outer fence longer. Blocks within come in pairs, and the first of
    # them opens with a language; otherwise these are two blocks, and none is around all.
    is_around_all = not inner or (
        match["language"] and len(inner) % 2 == 0 and inner[0] != match["fence"]
    )
    return match["text"].strip() if is_around_all else text


def why_no_answer(text: str, *, may_be_short: bool) -> str:
    """What the text is instead of an answer, empty if it may be one; a review may be short."""
    if not text.strip():
        return "the answer is empty"
    if _PAGE.match(text):
        return "the answer is a page of markup"
    if not may_be_short and len(text) < _SHORTEST_DOCUMENT:
        return f"the answer is no document, only {len(text)} characters"
    return ""
