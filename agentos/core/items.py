"""What is worked on: one LLD or one issue."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """Which workflow an item goes through."""

    LLD = "lld"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of the backlog.

    `id` is safe as a part of a file name: an issue's number without leading zeros ("42"), or the
    slug of a brief's file name ("dark-mode"). `source` is the absolute path of the Markdown file.
    `title` is text from outside: escape it before it reaches a screen.
    """

    kind: Kind
    id: str
    title: str
    source: Path

    @property
    def label(self) -> str:
        """The name used in prefixes and messages: `LLD-42`, `ISSUE-dark-mode`."""
        return f"{self.kind.upper()}-{self.id}"
