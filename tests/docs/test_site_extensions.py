"""What the site makes of texts that were not written for it."""

from command_help import as_markup, escaped
from repository_links import links_of_page, links_of_top_file
from settings_tables import settings_markdown


def test_help_is_no_markup() -> None:
    text = "With `a|b` and *one* _or_ |two|, ids_ too"
    assert escaped(text) == r"With \ ``a|b``\  and \*one\* \_or\_ \|two\|, ids\_ too"
    assert escaped("an odd ` one") == r"an odd \` one"


def test_what_click_does_not_wrap_becomes_a_block() -> None:
    lines = ["Do it.", "", "| Example:", "|   agentos *  # all", "", "Text."]
    assert list(as_markup(lines)) == [
        "Do it.",
        "",
        "",
        ".. rubric:: Example",
        "",
        "",
        ".. code-block:: text",
        "",
        "     agentos *  # all",
        "",
        "Text.",
    ]


def test_links_to_files_at_the_top_lead_to_their_pages() -> None:
    page = "[a](../CONTRIBUTING.md#tests) [b](../../README.md) [c](CHANGELOG.md)"
    assert links_of_page(page, "index") == (
        "[a](contributing.md#tests) [b](../../README.md) [c](CHANGELOG.md)"
    )
    assert links_of_page(page, "how-to/ci").split()[1] == "[b](../index.md)"
    assert links_of_top_file("[a](docs/tutorial.md) [b](CHANGELOG.md)") == (
        "[a](tutorial.md) [b](changelog.md)"
    )


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    rows = [line for line in settings_markdown() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {5}
