import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.core.outcomes import Outcome
from agentos.documents.status import stamp, status_of
from agentos.documents.verdict import Finding

FINDINGS = [Finding("untested", "R2 has no test."), Finding("no-files", "No files\nare named.")]
OUTCOMES = st.sampled_from([Outcome.APPROVED, Outcome.NEEDS_REVISION])
PIECES = [
    "# T\n",
    "T\n===\n",
    "## S\n",
    "text\n",
    "\n",
    "```\n",
    "- item\n",
    "> quote\n",
    "<!-- c\n",
]
DOCUMENTS = st.lists(
    st.sampled_from(
        [
            *PIECES,
            "Status: approved\n",
            "## Missing Before Approval\n",
            "    code\n",
            "---\n",
            "...\n",
            "x: y\n",
            "\ufeff",
        ]
    )
    | st.text(max_size=8),
    max_size=12,
).map("".join)


def test_the_status_stands_directly_under_the_title() -> None:
    document = "# LLD: Renew\n\n> A note.\n\n## Objective\n\nLend longer.\n"
    assert stamp(document, Outcome.APPROVED, []) == (
        "# LLD: Renew\n\nStatus: approved\n\n> A note.\n\n## Objective\n\nLend longer.\n"
    )


def test_a_revision_lists_what_is_missing_before_the_first_section() -> None:
    document = "# LLD: Renew\n\n> A note.\n\n## Objective\n\nLend longer.\n"
    assert stamp(document, Outcome.NEEDS_REVISION, FINDINGS) == (
        "# LLD: Renew\n\nStatus: needs revision\n\n> A note.\n\n## Missing Before Approval\n\n"
        "- **untested**: R2 has no test.\n- **no-files**: No files are named.\n\n"
        "## Objective\n\nLend longer.\n"
    )


def test_another_outcome_replaces_the_stamp() -> None:
    document = "# T\n\nIntroduction.\n\n## Objective\n\nText.\n"
    revised = stamp(document, Outcome.NEEDS_REVISION, FINDINGS)
    assert stamp(revised, Outcome.APPROVED, []) == stamp(document, Outcome.APPROVED, [])


def test_a_revision_without_findings_has_the_status_only() -> None:
    assert stamp("# T\n\nText.\n", Outcome.NEEDS_REVISION, []) == (
        "# T\n\nStatus: needs revision\n\nText.\n"
    )


def test_front_matter_stays_at_the_beginning() -> None:
    assert stamp("---\nbrief: dark-mode\n---\n# T\n", Outcome.APPROVED, []) == (
        "---\nbrief: dark-mode\n---\n# T\n\nStatus: approved\n"
    )


def test_a_text_without_a_title_gets_the_status_first() -> None:
    assert stamp("ACK", Outcome.APPROVED, []) == "Status: approved\n\nACK\n"


def test_a_title_in_a_code_block_is_no_title() -> None:
    assert stamp("```\n# no\n```\n", Outcome.APPROVED, []).startswith("Status: approved\n")


def test_an_introduction_that_never_ends_does_not_swallow_the_list() -> None:
    stamped = stamp("# T\n\n```\nnever closed\n", Outcome.NEEDS_REVISION, FINDINGS)
    assert stamped.index("## Missing Before Approval") < stamped.index("never closed")


def test_a_draft_that_begins_with_a_rule_is_stamped_too() -> None:
    assert stamp("---\n# T\n", Outcome.APPROVED, []) == "***\n# T\n\nStatus: approved\n"


@pytest.mark.parametrize(
    "document",
    [
        "---\n# T\n...\n---\nStatus: approved\n",  # front matter once a status stands in it
        "---\nx: y\n---",
        "---\nx: y\n---\n\nStatus: approved\n",
    ],
)
def test_no_draft_approves_itself_by_its_front_matter(document: str) -> None:
    assert status_of(stamp(document, Outcome.NEEDS_REVISION, [])) is Outcome.NEEDS_REVISION


def test_what_a_person_wrote_below_the_list_stays() -> None:
    stamped = stamp("# T\n", Outcome.NEEDS_REVISION, FINDINGS) + "\nMy own remark.\n"
    assert "My own remark." in stamp(stamped, Outcome.APPROVED, [])


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INTERRUPTED, Outcome.SKIPPED])
def test_no_document_is_stamped_with_an_outcome_that_leaves_none(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match=outcome.value):
        stamp("# T\n", outcome, [])


@settings(deadline=None)
@given(DOCUMENTS, OUTCOMES, OUTCOMES)
def test_stamping_is_idempotent_and_the_last_stamp_counts(
    document: str, first: Outcome, last: Outcome
) -> None:
    once = stamp(document, last, FINDINGS)
    assert stamp(once, last, FINDINGS) == once
    assert stamp(stamp(document, first, FINDINGS), last, FINDINGS) == once


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        ("# T\n\nStatus: approved\n\ntext\n", Outcome.APPROVED),
        ("---\nbrief: x\n---\n# T\r\nstatus: Needs Revision \r\n", Outcome.NEEDS_REVISION),
        ("Status: approved\n", Outcome.APPROVED),
        ("# T\n\ntext\n\nStatus: approved\n", None),
        ("# T\n\nStatus: approved by Ada\n", None),
        ("# T\n\n## S\n\nStatus: approved\n", None),
        ("", None),
    ],
)
def test_the_status_is_read_where_it_is_written(document: str, outcome: Outcome | None) -> None:
    assert status_of(document) is outcome


@given(DOCUMENTS, OUTCOMES)
def test_what_was_stamped_is_read(document: str, outcome: Outcome) -> None:
    assert status_of(stamp(document, outcome, FINDINGS)) is outcome
