"""Reads a child's events pipe: one JSON object a line, from a process that may say anything."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agentos.core.events import (
    CallAbandoned,
    CallFinished,
    CallRefused,
    CallStarted,
    Decided,
    Event,
    Heartbeat,
    LeaseGranted,
    LeaseRequested,
    Reported,
    StepFinished,
    StepRestored,
    StepStarted,
    decode,
)

MAX_LINE = 1 << 20
"""Bytes; a longer line is no event of ours and is dropped."""

_OF_A_CHILD = (
    CallAbandoned,
    CallFinished,
    CallRefused,
    CallStarted,
    Decided,
    Heartbeat,
    LeaseGranted,
    LeaseRequested,
    Reported,
    StepFinished,
    StepRestored,
    StepStarted,
)


def read_events(chunks: Iterable[bytes], mask: Callable[[str], str]) -> Iterator[Event]:
    """Yield the events of what is read of a pipe, their texts masked.

    Skipped is what cannot be decoded, and what only the parent may say.
    """
    for line in _lines(chunks):
        try:
            event = decode(json.loads(line))
        except (ValueError, RecursionError):
            continue
        if isinstance(event, _OF_A_CHILD):
            yield masked(event, mask)


def masked(event: Event, mask: Callable[[str], str]) -> Event:
    """The event with every text masked; a StrEnum is no text of a child's."""
    texts: dict[str, Any] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if type(value) is str:
            texts[field.name] = mask(value)
        elif type(value) is tuple:
            texts[field.name] = tuple(map(mask, value))
    return dataclasses.replace(event, **texts)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    kept = b""
    dropping = False
    for chunk in chunks:
        *lines, kept = (kept + chunk).split(b"\n")
        if dropping and lines:
            del lines[0]  # the end of one that was too long
            dropping = False
        yield from lines
        if len(kept) > MAX_LINE:
            kept, dropping = b"", True
