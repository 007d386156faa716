"""Help texts as the site shows them: they are plain text, which sphinx-click takes for markup.

Words in backticks become code, a part that click does not wrap becomes a block, and everything
else stays what it is.
"""

import re
from collections.abc import Iterator

import click
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

_MARKUP = re.compile(r"([\\*_|`])")
_KEPT = "| "
"""How sphinx-click begins a line that click does not wrap."""


def as_markup(lines: list[str]) -> Iterator[str]:
    """A description or an epilog, which sphinx-click made of the command's own text."""
    in_block = False
    for line in lines:
        kept = line.startswith(_KEPT.rstrip()) and line != ""
        text = line.removeprefix(_KEPT.rstrip()).removeprefix(" ")
        if kept and not in_block and text.endswith(":"):
            yield from ("", f".. rubric:: {text[:-1]}", "")
            continue
        if kept and not in_block:
            yield from ("", ".. code-block:: text", "")
        in_block = kept
        yield f"   {text}" if kept else escaped(line)


def escaped(text: str) -> str:
    """Plain text as reStructuredText; what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _MARKUP.sub(r"\\\1", text)
    return "".join(
        f"\\ ``{part}``\\ " if index % 2 else _MARKUP.sub(r"\\\1", part)
        for index, part in enumerate(parts)
    )


def _rewrite(_app: Sphinx, _context: click.Context, lines: list[str]) -> None:
    lines[:] = as_markup(lines)


def _rewrite_options(_app: Sphinx, _context: click.Context, lines: list[str]) -> None:
    for index, line in enumerate(lines):
        if line.startswith("    :default: "):
            lines[index] = re.sub(r"``'(.*)'``", r"``\1``", line)
        elif line.startswith("    ") and not line.lstrip().startswith(":"):
            lines[index] = "    " + escaped(line[4:])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Hear what sphinx-click makes before it is parsed."""
    app.connect("sphinx-click-process-description", _rewrite)
    app.connect("sphinx-click-process-epilog", _rewrite)
    app.connect("sphinx-click-process-options", _rewrite_options)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
