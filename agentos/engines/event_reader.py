"""Reads a child's events pipe: one JSON object a line, from a process that may say anything."""

import dataclasses
import json
import os
from collections.abc import Callable, Iterator

from agentos.core.events import Event, decode

MAX_LINE = 1 << 20
"""Bytes; a longer line is no event of ours and is dropped."""


def read_events(fd: int, mask: Callable[[str], str]) -> Iterator[Event]:
    """Yield events until the pipe's end; what cannot be decoded is skipped, texts are masked."""
    kept = b""
    while chunk := os.read(fd, 65536):
        *lines, kept = (kept + chunk).split(b"\n")
        if len(kept) > MAX_LINE:
            kept = b""
        for line in lines:
            try:
                event = decode(json.loads(line))
            except (ValueError, RecursionError):
                continue
            yield masked(event, mask)


def masked(event: Event, mask: Callable[[str], str]) -> Event:
    """The event with every text masked; a StrEnum is no text of a child's."""
    texts = {
        field.name: mask(value)
        for field in dataclasses.fields(event)
        if type(value := getattr(event, field.name)) is str
    }
    return dataclasses.replace(event, **texts)
