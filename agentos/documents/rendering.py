"""Blocks that were read from one document, written into another."""

import re
from collections.abc import Iterable

from agentos.documents.front_matter import split_front_matter
from agentos.documents.markdown import (
    Block,
    Code,
    ListItem,
    Paragraph,
    Table,
    is_paragraph,
    title_of,
)
from agentos.documents.writing import fenced, indented, one_line, table

_MARKUP = re.compile(r"[\\`*_\[\]<>&#!]")
_NUMBER = re.compile(r"\d+(?=[.)])")


def paragraph(text: str) -> str:
    """A line that stays prose: what would begin a heading, list, HTML or code is escaped."""
    line = one_line(text)
    if not line or is_paragraph(line):
        return line
    number = _NUMBER.match(line)
    cut = number.end() if number else 0
    return f"{line[:cut]}\\{line[cut:]}"


def heading(text: str) -> str:
    """The text after `# `: what would be read as markup is escaped."""
    line = one_line(text)
    if title_of(f"# {line}") == line:
        return line
    return _MARKUP.sub(r"\\\g<0>", line)


def titled(text: str, title: str) -> str:
    """The text under a heading with that title, where it has neither an H1 nor a title in front.

    Raises ValueError for front matter that is malformed.
    """
    fields, body = split_front_matter(text)
    if title_of(body) or isinstance(fields.get("title"), str):
        return text
    return f"{text.removesuffix(body)}# {heading(title)}\n\n{body}"


def list_item(text: str, code: Iterable[Code] = (), *, marker: str = "-") -> str:
    """One entry of a list; `text` is Markdown of ours or has gone through `paragraph`."""
    width = len(marker) + 1
    examples = (indented(fenced(c.text, c.language), width) for c in code)
    return "\n\n".join([f"{marker} {text}".rstrip(), *examples])


def render_blocks(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown, without a final newline; a numbered list keeps its numbers."""
    text = ""
    above: list[tuple[ListItem, int]] = []  # the entries above, and spaces before their text
    for block in blocks:
        if isinstance(block, ListItem):
            numbered = [entry.depth for entry, _ in above if entry.number is not None]
            # Only an empty line, or a 1, begins a numbered list below a line of text.
            joins = above and (block.number in (None, 1) or block.depth in numbered)
            marker = "-" if block.number is None else f"{block.number}."
            above = [one for one in above if one[0].depth < block.depth]
            spaces = above[-1][1] if above else 0
            above.append((block, spaces + len(marker) + 1))
            entry = list_item(paragraph(block.text), block.code, marker=marker)
            text += ("\n" if joins else "\n\n") + indented(entry, spaces)
        else:
            above = []
            text += "\n\n" + _render(block)
    return text[2:]


def _render(block: Paragraph | Code | Table) -> str:
    if isinstance(block, Paragraph):
        return paragraph(block.text)
    if isinstance(block, Code):
        return fenced(block.text, block.language)
    return table(block.header, block.rows)
