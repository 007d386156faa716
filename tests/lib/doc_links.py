"""Links and their targets: in built pages, and in Markdown as a repository browser shows it."""

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class BuiltPage(HTMLParser):
    """`ids` are the anchors, `links` where its links lead, `loaded` what a browser fetches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in _LOADED and _LOADED[tag] in values:
            self.loaded.append(values[_LOADED[tag]])


def is_elsewhere(link: str) -> bool:
    """Whether it leads out of the site."""
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def target(link: str, page: Path) -> tuple[Path, str]:
    """File and anchor that a relative link of a page leads to; the anchor may be empty."""
    parts = urlsplit(link)
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return path, unquote(parts.fragment)


def markdown_links(text: str) -> Iterator[str]:
    """Where the links of a Markdown file lead."""
    for token in _inline(text):
        for child in token.children or []:
            if child.type == "link_open":
                yield str(child.attrs["href"])
            elif child.type == "image":
                yield str(child.attrs["src"])


def markdown_anchors(text: str) -> set[str]:
    """The anchors of its headings, as a repository browser makes them."""
    tokens = MarkdownIt("commonmark").parse(text)
    seen: Counter[str] = Counter()
    anchors = set()
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(
                child.content for child in content.children or [] if child.type != "link_open"
            )
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return anchors


def _inline(text: str) -> Iterator[Token]:
    parser = MarkdownIt("commonmark").enable("table")
    return (token for token in parser.parse(text) if token.type == "inline")
