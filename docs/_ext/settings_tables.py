"""The directive `settings-tables`: every setting, as the program itself knows it.

What stands inside of the directive is for readers of the plain file; the site shows the tables.
"""

from collections.abc import Iterator, Mapping

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from agentos.core.config.known_settings import PRICE_DATE, SETTINGS, TABLES, KnownSetting

_HEAD = ("| setting | value | default | meaning |", "| --- | --- | --- | --- |")


def settings_markdown() -> Iterator[str]:
    """The lines of all tables: first what stands at the top of a file."""
    yield "At the top of the file:"
    yield from _table(SETTINGS)
    for name, table in TABLES.items():
        yield f"In `{table.heading}`: {table.meaning}."
        yield from _table(table.settings)
        if name == "prices":
            yield "In `[prices]` itself:"
            yield from _table({"date": PRICE_DATE})


def _table(settings: Mapping[str, KnownSetting]) -> Iterator[str]:
    yield from ("", *_HEAD)
    for name, setting in settings.items():
        cells = (f"`{name}`", setting.kind.what, setting.default, setting.meaning)
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
    yield ""


class SettingsTables(SphinxDirective):
    """Tables in the place of the directive."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse them as if they stood on the page."""
        return self.parse_text_to_nodes("\n".join(settings_markdown()))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known."""
    app.add_directive("settings-tables", SettingsTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
