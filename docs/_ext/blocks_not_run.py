"""The directive `blocks-not-run`: each command block that no test runs, with its reason."""

import re
from collections.abc import Iterator
from pathlib import Path

from doc_blocks import commands, pages, parse_page
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

_CLONE = Path(__file__).parents[2]


def blocks_not_run(root: Path) -> Iterator[tuple[str, str, str]]:
    """File, first command without its comment, and reason of each, in a clone at `root`."""
    for path in pages(root):
        for block in parse_page(path.read_text(encoding="utf-8")).blocks:
            reason = block.mark("not run")
            if reason is not None:
                first = next(iter(commands(block))).text if block.language == "console" else ""
                command = re.sub(r"\s+(#|\n).*", "", first)
                yield path.relative_to(root).as_posix(), command, reason


class BlocksNotRun(SphinxDirective):
    """A table in the place of the directive."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse it as if it stood on the page; the table follows pages that others may change."""
        self.env.note_reread()
        rows = [
            f"| `{page}` | `{command.replace('|', '/')}` | {reason} |"
            for page, command, reason in blocks_not_run(_CLONE)
        ]
        head = ["| page | block | why it is not run |", "| --- | --- | --- |"]
        return self.parse_text_to_nodes("\n".join([*head, *rows]))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known."""
    app.add_directive("blocks-not-run", BlocksNotRun)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
