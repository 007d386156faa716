"""A Markdown text as sections, and a section as blocks; CommonMark with tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from agentos.documents.writing import one_line, visible

_PARSER = MarkdownIt("commonmark").enable("table")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_OPEN_COMMENT = re.compile(r"<!--.*", re.DOTALL)
_MOST = 999_999_999  # what is longer begins no entry of a list
_TAG = re.compile(r"</?[A-Za-z!?][^>]*>")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what follows it up to the next heading of any level.

    `start`, `content` and `end` are line numbers from 0: of the heading, of the first line after
    it, and of what follows the section. What stands before the first heading is a section of level
    0 without a title.
    """

    level: int
    title: str
    text: str
    start: int
    content: int
    end: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose on one line, its inline markup kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code block without its fence and final newline."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One entry of a list, on one line; `depth` is 0 in the outermost list.

    `number` is None in a list that is not numbered.
    """

    text: str
    depth: int = 0
    code: tuple[Code, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Cells on one line each, the header apart."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Code | ListItem | Table


def normalized(text: str) -> str:
    """The text with line feeds only, as the line numbers of a section count them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def title_of(body: str) -> str | None:
    """The text of the first H1 without its markup; None where there is none or it is empty."""
    titles = (section.title for section in sections(body) if section.level == 1)
    return next(titles, None) or None


def sections(body: str) -> tuple[Section, ...]:
    """The sections in their order, what stands before the first heading always included."""
    text = normalized(body)
    lines = text.split("\n")
    tokens = _PARSER.parse(text)
    headings = [(0, 0, 0, "")]
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            start, content = token.map
            headings.append((int(token.tag[1:]), start, content, _plain(inline)))
    ends = [start for _, start, _, _ in headings[1:]] + [len(lines)]
    return tuple(
        Section(level, title, "\n".join(lines[content:end]), start, content, end)
        for (level, start, content, title), end in zip(headings, ends, strict=True)
    )


def paragraph_lines(body: str) -> Iterator[tuple[int, bool]]:
    """Numbers from 0 of the lines that are prose by themselves, in no list, quotation or code.

    With each comes whether a paragraph begins there.
    """
    for token in _PARSER.parse(normalized(body)):
        if token.type == "paragraph_open" and token.level == 0 and token.map:
            start, end = token.map
            yield from ((number, number == start) for number in range(start, end))


def blocks(text: str) -> tuple[Block, ...]:
    """What a section holds, quotations opened, HTML reduced to its text, comments left out."""
    return tuple(_blocks(SyntaxTreeNode(_PARSER.parse(text)).children, 0))


def is_paragraph(line: str) -> bool:
    """Whether a line that stands by itself is prose, and neither heading, list, HTML nor code."""
    return [token.type for token in _PARSER.parse(line)][:1] == ["paragraph_open"]


def _plain(inline: Token) -> str:
    breaks = ("softbreak", "hardbreak")
    parts = (" " if part.type in breaks else part.content for part in inline.children or ())
    return one_line("".join(parts))


def _blocks(nodes: Sequence[SyntaxTreeNode], depth: int) -> Iterator[Block]:
    for node in nodes:
        if node.type in ("paragraph", "heading", "html_block"):
            if text := _prose(node):
                yield Paragraph(text)
        elif node.type in ("fence", "code_block"):
            yield _code(node)
        elif node.type == "bullet_list":
            for item in node.children:
                yield from _list_item(item, depth)
        elif node.type == "ordered_list":
            for number, item in enumerate(node.children, int(node.attrs.get("start", 1))):
                yield from _list_item(item, depth, number if number <= _MOST else None)
        elif node.type == "table":
            yield _table(node)
        else:
            yield from _blocks(node.children, depth)


def _list_item(node: SyntaxTreeNode, depth: int, number: int | None = None) -> Iterator[Block]:
    own = list(_blocks(node.children, depth + 1))
    text = " ".join(block.text for block in own if isinstance(block, Paragraph))
    code = tuple(block for block in own if isinstance(block, Code))
    if text or code:
        yield ListItem(text, depth, code, number)
    yield from (block for block in own if isinstance(block, ListItem | Table))


def _prose(node: SyntaxTreeNode) -> str:
    if node.type == "html_block":
        text = _OPEN_COMMENT.sub(" ", _COMMENT.sub(" ", node.content))
        return one_line(_TAG.sub(" ", text))
    return one_line(_COMMENT.sub(" ", node.children[0].content if node.children else ""))


def _code(node: SyntaxTreeNode) -> Code:
    language = re.match(r"[\w+-]*", node.info.strip())
    return Code(visible(node.content.removesuffix("\n")), language[0] if language else "")


def _table(node: SyntaxTreeNode) -> Table:
    rows = [
        tuple(_prose(cell) for cell in row.children)
        for part in node.children
        for row in part.children
    ]
    return Table(rows[0], tuple(rows[1:]))
