"""The fenced blocks of a page, and what the HTML comments before them say about how they are run.

A mark is a comment of its own, `<!-- name: text -->`. Before the first heading it concerns the
page, right before a block it concerns that block. Marks are invisible wherever a page is read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

PAGE_MARKS = frozenset({"project", "provider"})
BLOCK_MARKS = frozenset({"exits", "file", "not run", "types"})

REASONS = ("needs the internet", "needs a vendor's service", "needs root", "CI runs it")
"""How the reason of a block that is not run begins."""

_COMMENT = re.compile(r"<!--\s*(?P<name>[a-z][a-z ]*):\s*(?P<text>.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """`line` is where its fence stands, counted from 1; a mark may be there more than once."""

    line: int
    language: str
    text: str
    marks: Mapping[str, tuple[str, ...]]

    def mark(self, name: str) -> str | None:
        """The text of a mark, None without one."""
        return self.marks[name][0] if name in self.marks else None


@dataclass(frozen=True, slots=True)
class Page:
    """All blocks of one file in their order."""

    marks: Mapping[str, tuple[str, ...]]
    blocks: tuple[Block, ...]

    def mark(self, name: str) -> str | None:
        """The text of a mark, None without one."""
        return self.marks[name][0] if name in self.marks else None


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, and the lines below it: what it prints, if they say that."""

    text: str
    expected: tuple[str, ...]


class MarkError(ValueError):
    """A mark that there is not, or one at the wrong place."""


def pages(root: Path) -> list[Path]:
    """The files whose blocks are run, in a clone at `root`."""
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]


def parse_page(text: str) -> Page:
    """Marks and blocks; raises MarkError."""
    page_marks: dict[str, tuple[str, ...]] = {}
    blocks: list[Block] = []
    pending: dict[str, tuple[str, ...]] = {}
    before_heading = True
    for token in MarkdownIt("commonmark").parse(text):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            marks = _marks(token.content)
            known = PAGE_MARKS if before_heading else BLOCK_MARKS
            if unknown := marks.keys() - known:
                raise MarkError(f"line {line}: no mark is called {sorted(unknown)} here")
            target = page_marks if before_heading else pending
            for name, texts in marks.items():
                target[name] = target.get(name, ()) + texts
            continue
        if token.type == "fence":
            language = token.info.split()[0] if token.info.strip() else ""
            blocks.append(Block(line, language, token.content, pending))
        elif pending:
            raise MarkError(f"line {line}: a mark stands right before its block")
        pending = {}
        before_heading = before_heading and token.type != "heading_open"
    if pending:
        raise MarkError("a mark stands right before its block")
    return Page(page_marks, tuple(blocks))


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block; a line that begins with `> ` goes on with the one above."""
    text: list[str] = []
    expected: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if text:
                yield Command("\n".join(text), tuple(expected))
            text, expected = [line[2:]], []
        elif line.startswith("> ") and text and not expected:
            text.append(line[2:])
        elif text:
            expected.append(line.rstrip())
        else:
            raise MarkError(f"line {block.line}: a console block begins with a command")
    if text:
        yield Command("\n".join(text), tuple(expected))


def _marks(html: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for match in _COMMENT.finditer(html):
        found[match["name"]] = (*found.get(match["name"], ()), match["text"])
    return found
