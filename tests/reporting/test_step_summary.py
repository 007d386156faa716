"""A run as Markdown; a real parser says what a reader would see."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from agentos.core.masking import Masker
from agentos.core.terminal_text import printable, without_sequences
from agentos.reporting.step_summary import StepSummary, markdown

COLUMNS = ("item", "title", "used")
ROOM = 1024 * 1024
INVISIBLE = "\u200b"
TEXTUAL = {"text", "text_special"}

texts = st.text(st.characters(codec="utf-8"), max_size=60) | st.text(
    "|\\`*_~[]()<>&!#@$:/.\n\r\t\x1b-+=1 wW\u200b", max_size=40
)


def parsed(text: str) -> list[Token]:
    """Blocks as GitHub's Markdown has them, tables included."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def inlines(text: str) -> list[Token]:
    return [token for token in parsed(text) if token.type == "inline"]


def read(token: Token) -> str:
    """What is seen; fails if any of it is more than text."""
    children = token.children or []
    assert {child.type for child in children} <= TEXTUAL, children
    return "".join(child.content for child in children).replace(INVISIBLE, "")


def rendered(summary: StepSummary, room: int = ROOM, *secrets: str) -> str:
    return markdown(summary, Masker(secrets).mask, room=room)


def cells(text: str) -> list[str]:
    tokens = parsed(text)
    return [
        read(tokens[place + 1])
        for place, token in enumerate(tokens)
        if token.type in ("th_open", "td_open")
    ]


def seen(text: str) -> str:
    """What is to be read of a text from outside."""
    return printable(without_sequences(text).strip(), 400).strip()


def test_a_run_reads_as_it_ended() -> None:
    summary = StepSummary(
        "1 approved, 1 failed (LLD-42)",
        {"LLD-42": "the provider is down"},
        ("item", "title", "outcome", "document", "time", "used"),
        [
            ("LLD-7", "Renew", "approved", "docs/lld/active/LLD-007.md", "1.6 s", "$0.0421"),
            ("LLD-42", "Export", "failed", "", "0.3 s", ""),
        ],
        ["Run 20261123T184846Z-b86e, exit code 1"],
    )
    assert rendered(summary).splitlines() == [
        "### agentos: 1 approved, 1 failed (LLD-42)",
        "",
        "#### Why items failed",
        "",
        "- LLD-42: the provider is down",
        "",
        "| item | title | outcome | document | time | used |",
        "| --- | --- | --- | --- | --- | --- |",
        "| LLD-7 | Renew | approved | docs/lld/active/LLD-007.md | 1.6 s | &#36;0.0421 |",
        "| LLD-42 | Export | failed |  | 0.3 s |  |",
        "",
        "- Run 20261123T184846Z-b86e, exit code 1",
        "",
    ]


def test_a_column_that_nobody_filled_is_left_out() -> None:
    summary = StepSummary("1 approved", {}, COLUMNS, [("LLD-7", "Renew", "")])
    assert cells(rendered(summary)) == ["item", "title", "LLD-7", "Renew"]


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "a \\| b\\",
        "`code` and ``more``",
        "<script>alert(1)</script>",
        "</td></table><img src=x onerror=alert(1)>",
        "<!-- gone",
        "[click](https://example.com) ![](x.png)",
        "**bold** __bold__ ~~gone~~ $x$",
        "&lt; &#124; &amp;",
        "first\n\nsecond\r\n| --- |\x0bthird",
        "red \x1b[31mtext\x1b[0m \x1b]0;title\x07 \x1b",
        "turned \u202e around, \u2028 apart",
        "# heading",
        "1. first",
        "- - -",
        "    code",
        "",
    ],
)
def test_text_from_outside_is_text_wherever_it_stands(text: str) -> None:
    check_is_text(text)


@given(texts)
def test_no_text_is_markup(text: str) -> None:
    check_is_text(text)


def check_is_text(text: str) -> None:
    rows = [("LLD-7", text, "1"), ("LLD-8", "other", "2")]
    page = rendered(StepSummary(text, {"LLD-7": text}, COLUMNS, rows, [text, "end"]))

    assert cells(page) == [*COLUMNS, "LLD-7", seen(text), "1", "LLD-8", "other", "2"]
    assert [read(token) for token in inlines(page) if token.content] == [
        f"agentos: {seen(text)}".strip(),
        "Why items failed",
        f"LLD-7: {seen(text)}".strip(),
        *[cell for cell in cells(page) if cell],
        *[remark for remark in (seen(text), "end") if remark],
    ]
    blocks = [token.type for token in parsed(page) if token.nesting == 1 and token.level == 0]
    assert blocks == [
        "heading_open",
        "heading_open",
        "bullet_list_open",
        "table_open",
        "bullet_list_open",
    ]
    assert sum(token.type == "list_item_open" for token in parsed(page)) == 3


@pytest.mark.parametrize(
    "text",
    ["@octocat", "see #12", "o/r#12", "https://example.com", "WWW.example.com", "a@example.com"],
)
def test_nobody_is_called_and_nothing_becomes_a_link(text: str) -> None:
    title = inlines(rendered(StepSummary("x", {}, ("item", "title"), [("LLD-7", text)])))[4]
    shown = "".join(child.content for child in title.children or [])
    assert shown != text
    assert shown.replace(INVISIBLE, "") == text
    assert not re.search(r"[@#]\w|://|www\.", shown, re.IGNORECASE)


def test_a_secret_is_masked_in_every_part_also_when_it_is_cut_by_colours() -> None:
    secret = "sk-a_secret*that[has]marks"
    told = f"with {secret}, sk-a_secret\x1b[31m*that[has]marks, sk-a_secret*that%5Bhas%5Dmarks"
    summary = StepSummary(told, {told: told}, COLUMNS, [(told, told, told)], [told])
    text = rendered(summary, ROOM, secret)
    assert "sk-a" not in text
    assert text.count("with &#42;&#42;&#42;, &#42;&#42;&#42;, &#42;&#42;&#42;") == 7


def test_a_long_text_is_cut_after_it_was_masked() -> None:
    secret = "sk-0123456789abcdef"
    told = "x" * 390 + secret
    text = rendered(StepSummary(told), ROOM, secret)
    assert "sk-" not in text
    assert "x" * 390 in text


@pytest.mark.parametrize("room", [400, 1000, 5_000, 20_000, ROOM])
def test_what_does_not_fit_is_counted(room: int) -> None:
    labels = [f"LLD-{number}" for number in range(200)]
    summary = StepSummary(
        "200 failed",
        dict.fromkeys(labels, "it is <broken>"),
        ("item", "title"),
        [(label, "Büchér | zurück") for label in labels],
        ["Run X, exit code 1"],
    )
    text = rendered(summary, room)
    assert len(text.encode()) <= room
    assert text.startswith("### agentos: 200 failed\n")
    assert text.endswith("- Run X, exit code 1\n\n")
    for noun, shown in (
        ("row", text.count("\n| LLD-")),
        ("reason", text.count("\n- LLD-")),
    ):
        missing = re.search(rf"^(\d+) more {noun}s? (is|are) missing here", text, re.MULTILINE)
        assert shown + (int(missing[1]) if missing else 0) == 200


@given(st.integers(0, 3000))
def test_the_room_is_never_exceeded_and_no_line_is_cut(room: int) -> None:
    rows = [(f"LLD-{number}", "a & b") for number in range(30)]
    summary = StepSummary("x", dict(rows), ("item", "title"), rows, ["y"])
    whole = rendered(summary).splitlines()
    text = rendered(summary, room)
    assert len(text.encode()) <= room
    assert all(line in whole or " missing here " in line for line in text.splitlines())


def test_without_room_for_the_headline_there_is_nothing() -> None:
    assert rendered(StepSummary("8 approved"), 10) == ""
    assert rendered(StepSummary("8 approved"), -1) == ""
