from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.documents.markdown import Code, ListItem, Paragraph, Table, blocks, sections, title_of

LINES = st.sampled_from(
    [
        "# A",
        "## B",
        "text",
        "===",
        "---",
        "```",
        "~~~",
        "> # q",
        "- # l",
        "    # i",
        "",
        "<!--",
        "-->",
    ]
)
DOCUMENTS = st.lists(LINES | st.text(max_size=6), max_size=15).map("\n".join)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# Plain\n", "Plain"),
        ("text\n\n## Two\n\n# `shelf` *now*, [here](x)  #\n", "shelf now, here"),
        ("Set\nExt\n===\n", "Set Ext"),
        ("```\n# no\n```\n# Yes\n", "Yes"),
        ("> # quoted\n\n- # listed\n", None),
        ("#\n", None),
        ("", None),
        ("# One\n# Two\n", "One"),
        ("# \x1b[31mred\n", "\ufffd[31mred"),
        ("# [/red]\n", "[/red]"),
    ],
)
def test_the_title_is_the_first_h1_without_markup(body: str, title: str | None) -> None:
    assert title_of(body) == title


def test_sections_end_where_the_next_heading_begins() -> None:
    found = sections("intro\n# T\nbody\n```\n## no\n```\n## S\r\nlast\n")
    assert [(s.level, s.title, s.text) for s in found] == [
        (0, "", "intro"),
        (1, "T", "body\n```\n## no\n```"),
        (2, "S", "last\n"),
    ]
    assert [(s.start, s.content, s.end) for s in found] == [(0, 0, 1), (1, 2, 6), (6, 7, 9)]


@settings(deadline=None)
@given(DOCUMENTS)
def test_the_sections_cover_every_line_once(body: str) -> None:
    found = sections(body)
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert found[0].start == 0
    assert found[-1].end == len(lines)
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all("\n".join(lines[s.content : s.end]) == s.text for s in found)


def test_paragraphs_are_one_line_and_keep_their_markup() -> None:
    assert blocks("a `b`\n*c*\n\n> d\n") == (Paragraph("a `b` *c*"), Paragraph("d"))


def test_list_items_know_their_depth_and_their_code() -> None:
    text = "1. one\n   more\n\n   ```console\n   $ x\n   ```\n   * two\n* three\n"
    assert blocks(text) == (
        ListItem("one more", 0, (Code("$ x", "console"),), 1),
        ListItem("two", 1),
        ListItem("three", 0),
    )


def test_numbers_of_a_list_are_those_that_a_reader_sees() -> None:
    assert blocks("3. a\n3. b\n\ntext\n\n1) c\n") == (
        ListItem("a", number=3),
        ListItem("b", number=4),
        Paragraph("text"),
        ListItem("c", number=1),
    )


def test_an_item_that_only_holds_a_list_is_not_there() -> None:
    assert blocks("- - a\n") == (ListItem("a", 1),)


def test_tables_are_read_cell_by_cell() -> None:
    assert blocks("| a | b |\n|---|---|\n| `x\\|y` | z |\n") == (
        Table(("a", "b"), (("`x|y`", "z"),)),
    )


def test_html_is_reduced_to_its_text_and_comments_are_left_out() -> None:
    text = (
        "<!-- hidden -->\n\na <!-- b --> c\n\n<details>\nshown\n</details>\n\n<!-- never closed\n"
    )
    assert blocks(text) == (Paragraph("a c"), Paragraph("shown"))


def test_rules_are_nothing_and_indented_code_is_code() -> None:
    assert blocks("---\n\n    x = 1\n") == (Code("x = 1"),)


def test_a_number_that_could_not_be_written_again_is_none() -> None:
    numbers = [getattr(block, "number", "") for block in blocks("999999999. one\n1. two\n")]
    assert numbers == [999_999_999, None]
