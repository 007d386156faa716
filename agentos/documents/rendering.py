"""Blocks that were read from one document, written into another."""

import re
from collections.abc import Iterable

from agentos.documents.front_matter import split_front_matter
from agentos.documents.markdown import Block, Code, ListItem, Paragraph, is_paragraph, title_of
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


def list_item(text: str, code: Iterable[Code] = (), depth: int = 0) -> str:
    """One bullet; `text` is Markdown of ours or has gone through `paragraph`."""
    parts = [f"- {text}".rstrip(), *(indented(fenced(c.text, c.language), 2) for c in code)]
    return indented("\n\n".join(parts), 2 * depth)


def render_blocks(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown, without a final newline."""
    text = ""
    in_list = False
    for block in blocks:
        is_item = isinstance(block, ListItem)
        separator = "\n" if in_list and is_item else "\n\n"
        text += (separator if text else "") + _render(block)
        in_list = is_item
    return text


def _render(block: Block) -> str:
    if isinstance(block, Paragraph):
        return paragraph(block.text)
    if isinstance(block, Code):
        return fenced(block.text, block.language)
    if isinstance(block, ListItem):
        return list_item(paragraph(block.text), block.code, block.depth)
    return table(block.header, block.rows)
