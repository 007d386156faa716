import pytest

from agentos.documents.rules import ISSUE_SECTIONS, LLD_SECTIONS, causes, check_issue, check_lld
from agentos.documents.templates import ISSUE_TEMPLATE, LLD_TEMPLATE, REVIEW_TEMPLATE
from agentos.documents.verdict import Finding, parse_verdict

SOURCE = "# Renew\n\n## Files\n\n- `a.py`\n"
LLD = """\
# LLD: Renew

## Objective

Lend longer.

## Requirements

- **R1** It renews.
  - R2: It counts.

## Files

| File | Action |
| --- | --- |
| `a.py` | modify |

## Technical Design

### How

A column.

## Tests

| Test | Covers |
| --- | --- |
| T1 | R1\u20132 |

## Security

None.

## Risks

- None.

## Open Questions

None.
"""
ISSUE = """\
# Renew

## Goal

Lend longer.

## Requirements

1. It renews.

## Definition of Done

- [ ] It renews.
"""


def rules(findings: object) -> list[str]:
    assert isinstance(findings, tuple)
    return [finding.rule for finding in findings]


def test_a_sound_design_has_no_findings() -> None:
    assert check_lld(LLD, SOURCE) == ()


def test_a_sound_issue_has_no_findings() -> None:
    assert check_issue(ISSUE, "# Renew\n\nAn idea.\n") == ()
    assert check_issue(f"---\nbrief: renew\n---\n{ISSUE}", "") == ()


@pytest.mark.parametrize(
    "draft",
    [
        "",
        "ACK",
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        '{"error": {"type": "overloaded"}}',
        "# Sorry\n\nI cannot help with that.\n",
        f"```markdown\n{LLD}```\n",
        "---\nnot closed",
    ],
)
def test_a_draft_that_is_no_document_is_one_finding(draft: str) -> None:
    assert rules(check_lld(draft, SOURCE)) == ["not-a-document"]
    assert rules(check_issue(draft, "")) == ["not-a-document"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("# LLD: Renew\n", "", "no-title"),
        ("# LLD: Renew", "# LLD: TBD", "no-title"),
        ("# LLD: Renew", "# LLD: <title of the issue>", "no-title"),
        ("## Objective\n\nLend longer.\n\n", "", "missing-section"),
        ("Lend longer.", "", "empty-section"),
        ("Lend longer.", "<!-- to be filled in -->", "empty-section"),
        ("Lend longer.", "TBD", "placeholder"),
        ("A column.", "TODO: design it", "placeholder"),
        ("| `a.py` | modify |", "| `a.py` | ... |", "placeholder"),
        ("It renews.", "...", "placeholder"),
        ("R2: It counts.", "R2", "placeholder"),
        ("R2: It counts.", "R1: It counts.", "numbering"),
        ("R1\u20132", "R1", "untested"),
        ("`a.py`", "`b.py`", "missing-file"),
    ],
)
def test_one_fault_is_one_finding(old: str, new: str, rule: str) -> None:
    assert old in LLD
    assert rules(check_lld(LLD.replace(old, new), SOURCE)) == [rule]


def test_requirements_without_numbers_are_a_finding() -> None:
    draft = LLD.replace("**R1** It", "It").replace("R2: It", "It")
    assert rules(check_lld(draft, SOURCE)) == ["unnumbered"]


def test_without_requirements_their_tests_are_no_matter() -> None:
    draft = LLD.replace("## Requirements", "## Colours")
    assert rules(check_lld(draft, SOURCE)) == ["missing-section"]


def test_requirements_may_stand_in_a_table_or_in_prose() -> None:
    listed = "- **R1** It renews.\n  - R2: It counts.\n"
    table = "| Id | What |\n|---|---|\n| R1 | It renews. |\n| R2 | It counts. |\n"
    prose = "R1: It renews.\n\n```\ncode\n```\n\n**R2** It counts.\n"
    assert check_lld(LLD.replace(listed, table), SOURCE) == ()
    assert check_lld(LLD.replace(listed, prose), SOURCE) == ()


def test_a_requirement_may_be_shown_by_code_alone() -> None:
    draft = LLD.replace("- **R1** It renews.\n", "- **R1**\n\n  ```\n  renew\n  ```\n")
    assert check_lld(draft, SOURCE) == ()


def test_a_dash_in_a_table_is_no_placeholder() -> None:
    assert check_lld(LLD.replace("| modify |", "| - |"), SOURCE) == ()


def test_a_section_may_come_in_two_parts() -> None:
    assert check_lld(LLD + "\n## Risks\n\n- Another.\n", SOURCE) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("1. It renews.", "It renews.", "no-list"),
        ("- [ ] It renews.", "None are known.", "no-list"),
        ("- [ ] It renews.", "", "empty-section"),
        ("## Definition of Done", "## Colours", "missing-section"),
    ],
)
def test_faults_of_an_issue(old: str, new: str, rule: str) -> None:
    assert rules(check_issue(ISSUE.replace(old, new), "")) == [rule]


def test_a_file_of_the_brief_must_not_be_dropped() -> None:
    assert rules(check_issue(ISSUE, SOURCE)) == ["missing-file"]


def test_the_templates_have_the_sections_that_are_required() -> None:
    for template, required in ((LLD_TEMPLATE, LLD_SECTIONS), (ISSUE_TEMPLATE, ISSUE_SECTIONS)):
        assert all(f"\n## {name}\n" in template for name in required)


def test_an_unfilled_template_is_not_approved() -> None:
    assert {"no-title", "placeholder", "empty-section"} <= set(rules(check_lld(LLD_TEMPLATE, "")))
    assert {"no-title", "placeholder", "empty-section"} <= set(
        rules(check_issue(ISSUE_TEMPLATE, ""))
    )


def test_the_review_template_shows_the_form_that_is_parsed() -> None:
    shown = REVIEW_TEMPLATE.partition("-->")[2].replace("approved | ", "")
    assert [finding.rule for finding in parse_verdict(shown).findings] == ["rule-in-kebab-case"]


def test_what_comes_from_a_gap_in_the_source_is_not_told_beside_it() -> None:
    draft = LLD.replace("**R1** It", "It").replace("R2: It", "It")
    (effect,) = check_lld(draft, SOURCE)
    cause, other = Finding("no-requirements", "None."), Finding("no-objective", "None.")
    assert causes([effect, other, cause]) == (other, cause)
    assert causes([effect, other]) == (effect, other)
    assert causes([]) == ()
