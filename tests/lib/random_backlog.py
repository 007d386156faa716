"""A project whose backlog is made up: issues and briefs without end, the same for the same seed."""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from command import SAMPLE

from agentos.core.items import Item, Kind

ChoiceT = TypeVar("ChoiceT")

_VERBS = ("Renew", "Export", "Count", "Merge", "Hide", "Sort", "Import", "Print", "Größe von")
_THINGS = ("loans", "tags", "spine labels", "readers", "fines", "wish lists", "ISBNs", "Bücher")
_FACTS = (
    "is refused with a sentence that names the borrower",
    "keeps `--days N` within the limits that lending has",
    "shows a title such as `a | b`, <b> or \u4e66 as it was typed",
    "exits with 1 and changes nothing",
    "takes less than a second for 2,000 books",
    "is counted like any other loan, see *The Left Hand of Darkness*",
)
_FILES = ("shelf/catalogue.py", "shelf/store.py", "shelf/model.py", "shelf/cli.py", "README.md")


class RandomBacklog:
    """The code of the sample project, and items of all sizes that are added to it one by one.

    A few are too thin to be approved, a few fill many pages.
    """

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self._random = random.Random(seed)
        self._number = 0
        ours = shutil.ignore_patterns(".agentos", "__pycache__", "issues", "ideas")
        shutil.copytree(SAMPLE, root, ignore=ours)

    def add_issue(self) -> Item:
        """`issues/NNN-slug.md`."""
        self._number += self._random.randint(1, 9)
        source = self.root / "issues" / f"{self._number:03d}-made-up.md"
        return self._written(Kind.LLD, str(self._number), source, self._sections())

    def add_brief(self) -> Item:
        """`ideas/active/slug.md`."""
        self._number += 1
        name = f"brief-{self._number}"
        text = f"## Problem\n\n{self._paragraphs()}\n\n## Idea\n\n{self._points('-')}\n"
        source = self.root / "ideas" / "active" / f"{name}.md"
        return self._written(Kind.ISSUE, name, source, text)

    def _written(self, kind: Kind, name: str, source: Path, text: str) -> Item:
        title = self._title()
        front = self._one(("", "---\nlabels: [enhancement]\nstate: open\n---\n\n"))
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(f"{front}# {title}\n\n{text}", encoding="utf-8")
        return Item(kind, name, title, source)

    def _title(self) -> str:
        return f"{self._one(_VERBS)} {self._one(_THINGS)}, and {self._one(_THINGS)} too"

    def _sections(self) -> str:
        files = self._random.sample(_FILES, self._random.randint(1, len(_FILES)))
        parts = [
            f"## Objective\n\n{self._paragraphs()}",
            f"## Requirements\n\n{self._points('-')}",
            "## Files to Create/Modify\n\n" + "\n".join(f"- `{file}`: a change" for file in files),
            f"## Acceptance Criteria\n\n{self._points('- [ ]')}",
        ]
        if self._random.random() < 0.2:  # too thin for a design
            del parts[self._random.randint(1, 3) :]
        return "\n\n".join(parts) + "\n"

    def _paragraphs(self) -> str:
        count = self._one((1, 1, 2, 3, 200))
        return "\n\n".join(self._sentence() for _ in range(count))

    def _points(self, mark: str) -> str:
        return "\n".join(f"{mark} {self._sentence()}" for _ in range(self._random.randint(1, 30)))

    def _sentence(self) -> str:
        return f"`shelf {self._one(_VERBS).lower()}` of {self._one(_THINGS)} {self._one(_FACTS)}."

    def _one(self, choices: Sequence[ChoiceT]) -> ChoiceT:
        return self._random.choice(choices)
