import pytest

from agentos.documents.bold_headings import bold_as_headings
from agentos.documents.markdown import Code, ListItem, Paragraph
from agentos.documents.source import Statement, parse_source

BUG_REPORT = """\
# Crash

**Describe the bug**
It crashes.

**To Reproduce**
1. Open it

**Expected behavior**
It does not.

**Desktop (please complete the following information):**
 - OS: Debian

**Additional context**
_No response_
"""


def test_a_bug_report_of_the_usual_template_is_taken_apart() -> None:
    source = parse_source(BUG_REPORT)
    assert source.title == "Crash"
    assert source.introduction == ()
    assert source.objective == (Paragraph("It crashes."),)
    assert source.background == (ListItem("Open it", number=1),)
    assert source.requirements == (Statement("It does not."),)
    assert source.rest == (
        Paragraph("Desktop (please complete the following information):"),
        ListItem("OS: Debian"),
    )


def test_labels_open_a_section_each() -> None:
    source = parse_source(
        "Seen since May.\n\n**Steps:** open it\n**Expected:** order\n__Actual__: none\n"
    )
    assert source.introduction == (Paragraph("Seen since May."), Paragraph("**Steps:** open it"))
    assert source.requirements == (Statement("order"),)
    assert source.background == (Paragraph("none"),)


def test_a_line_in_bold_within_a_paragraph_is_part_of_it() -> None:
    source = parse_source("**Expected behavior**\nWe want\n**this**\nnow.\n")
    assert source.requirements == (Statement("We want **this** now."),)


@pytest.mark.parametrize(
    "text",
    [
        "**Note**\nNothing that an issue has.\n",
        "Some **Expected behavior** in a line.\n",
        "**Security** matters to us.\n",
        "- **Expected behavior**\n",
        "> **Expected behavior**\n",
        "```\n**Expected behavior**\n```\n",
        "    **Expected behavior**\n",
        "**Expected behavior\n",
    ],
)
def test_other_lines_in_bold_are_what_they_are(text: str) -> None:
    assert bold_as_headings(text) == text


def test_what_has_headings_goes_by_them() -> None:
    source = parse_source("## Requirements\n\n- a\n\n**Security**\n\n- b\n")
    assert source.requirements == (Statement("a"), Statement("b"))
    assert source.security == ()


def test_code_under_a_line_in_bold_stays_code() -> None:
    source = parse_source("**Expected behavior**\n```\n**Actual**\n```\n")
    assert source.requirements == (Statement("As in this example:", code=(Code("**Actual**"),)),)
    assert source.background == ()


def test_windows_line_ends_make_no_difference() -> None:
    assert parse_source(BUG_REPORT.replace("\n", "\r\n")) == parse_source(BUG_REPORT)
