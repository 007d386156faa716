import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.documents.markdown import (
    Block,
    Code,
    ListItem,
    Paragraph,
    Table,
    blocks,
    sections,
    title_of,
)
from agentos.documents.rendering import heading, list_item, paragraph, render_blocks
from agentos.documents.writing import code_span, fenced, one_line, table, visible

NASTY = st.lists(
    st.sampled_from(
        ["# ", "## x", "\n", "\r", "- ", "1. ", "```", "~~~", "|", "\\", "`", "<!--", "-->", "<p>",
         "a", "word", "    ", "> ", "[x]: y", "***", "===", "\u2028", "\x1b[2J", "\u202e"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


def test_control_characters_and_changes_of_direction_become_visible() -> None:
    assert visible("a\x1b[2J\u202eb\tc\n") == "a\ufffd[2J\ufffdb\tc\n"


@settings(deadline=None)
@given(NASTY)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("`code` first", "`code` first"),
        ("*stress* first", "*stress* first"),
        ("# no heading", "\\# no heading"),
        ("12. no list", "12\\. no list"),
        ("- no list", "\\- no list"),
        ("<!-- no comment", "\\<!-- no comment"),
        ("[no]: reference", "\\[no]: reference"),
        ("", ""),
    ],
)
def test_a_paragraph_is_escaped_only_where_it_must(text: str, written: str) -> None:
    assert paragraph(text) == written


@settings(deadline=None)
@given(NASTY)
def test_a_paragraph_stays_one(text: str) -> None:
    assert all(isinstance(block, Paragraph) for block in blocks(paragraph(text)))
    assert len(blocks(paragraph(text) + "\n\n- item")) <= 2


@settings(deadline=None)
@given(NASTY)
def test_a_heading_is_read_as_it_was_written(text: str) -> None:
    found = sections(f"# LLD: {heading(text)}\n\n## Next\n")
    assert [section.title for section in found[2:]] == ["Next"]


@pytest.mark.parametrize(
    "text", ["a *b* `c` [d](e)", "<script>", "a \\ b", "[/red]", "snake_case_"]
)
def test_markup_in_a_heading_is_text(text: str) -> None:
    assert title_of(f"# {heading(text)}") == text


@settings(deadline=None)
@given(NASTY, NASTY)
def test_a_table_keeps_its_cells(first: str, second: str) -> None:
    (found,) = blocks(table(("A", "B"), [(first, second)]))
    assert isinstance(found, Table)
    assert [len(row) for row in found.rows] == [2]


@settings(deadline=None)
@given(NASTY)
def test_no_content_closes_its_fence(text: str) -> None:
    found = blocks(fenced(text) + "\n\n## Next\n")
    assert isinstance(found[0], Code)
    assert found[1:] == (Paragraph("Next"),)


@pytest.mark.parametrize(
    ("text", "span"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```")]
)
def test_inline_code_holds_backticks(text: str, span: str) -> None:
    assert code_span(text) == span


def test_code_of_a_list_item_is_indented_with_it() -> None:
    assert list_item("a", [Code("x\n\ny", "sh")]) == "- a\n\n  ```sh\n  x\n\n  y\n  ```"


def test_blocks_are_rendered_and_read_back() -> None:
    content: tuple[Block, ...] = (
        Paragraph("text"),
        ListItem("one", 0, (Code("x", "sh"),)),
        ListItem("two", 1),
        ListItem("three", 1),
        Code("y"),
        ListItem("bullet"),
        ListItem("two", 1, number=2),
        ListItem("nine", number=9),
        ListItem("ten", 0, (Code("x"),), 10),
        ListItem("bullet", 1),
        ListItem("step", 2, (Code("y"),), 1),
        ListItem("eleven", number=11),
        Table(("a", "b"), (("1", "2|3"),)),
    )
    assert blocks(render_blocks(content)) == content
