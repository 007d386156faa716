"""Links between pages and the files at the top of the repository, made to lead to the site's own.

In a repository browser such a link leads to the file itself; the site has its text as a page.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_NAMES = "|".join(map(re.escape, _PAGES))


def links_of_page(text: str, docname: str) -> str:
    """A page of `docs/`, with `../../CONTRIBUTING.md` as `../contributing.md`."""
    depth = docname.count("/")
    upwards = r"\.\./" * (depth + 1)
    return re.sub(
        rf"\]\({upwards}({_NAMES})", lambda found: f"]({'../' * depth}{_PAGES[found[1]]}", text
    )


def links_of_top_file(text: str) -> str:
    """A file at the top, with its links as they are in `docs/`."""
    text = re.sub(rf"\]\(({_NAMES})", lambda found: f"]({_PAGES[found[1]]}", text)
    return text.replace("](docs/", "](")


def _on_source_read(_app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = links_of_page(source[0], docname)


def _on_include_read(_app: Sphinx, path: Path, _parent: str, content: list[str]) -> None:
    if path.name in _PAGES:
        content[0] = links_of_top_file(content[0])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Read pages and what they include through the functions above."""
    app.connect("source-read", _on_source_read)
    app.connect("include-read", _on_include_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
