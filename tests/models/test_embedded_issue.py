from collections.abc import Callable

import pytest

from agentos.core.calls import RequestKind
from agentos.documents.rules import check_issue, check_lld
from agentos.documents.verdict import Verdict, parse_verdict

Ask = Callable[..., str]

BRIEF = """\
# Loan reminders

People forget.

## Problem

Nobody is told, see `shop/store.py`.

## Idea

A command `shop remind. Now` runs daily. It finds loans, e.g. those of Ursula K. Le Guin! For that:

- an address
- a text

Something like:

```text
Dear Ada
```

## Who needs it

- Borrowers.

## What should be true when it is done

- Twice a day is once.
  - Even at midnight.

## Out of scope

- Mail.

## Open

Do we want a second one?
"""


def reviewed(ask: Ask, brief: str, draft: str) -> Verdict:
    return parse_verdict(ask(RequestKind.REVIEW_ISSUE, source=brief, draft=draft))


def test_a_brief_becomes_a_structured_issue(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_ISSUE, source=BRIEF)
    note, _, text = draft.partition("\n\n## Objective")
    assert note.startswith("# Loan reminders\n\n> Written from the brief by the embedded model")
    assert "no language model took part" in note
    assert text.startswith("""

A command `shop remind. Now` runs daily.

## Background

People forget.

Nobody is told, see `shop/store.py`.

Who needs it:

- Borrowers.

## Requirements

- A command `shop remind. Now` runs daily.
- It finds loans, e.g. those of Ursula K. Le Guin!
- For that:
  - an address
  - a text

Something like:

```text
Dear Ada
```

## Files to Create/Modify

- `shop/store.py`

## Acceptance Criteria

- [ ] Twice a day is once.
  - [ ] Even at midnight.

## Out of Scope

- Mail.

## Open Questions

- Do we want a second one?
""")


def test_such_an_issue_is_approved_and_can_be_designed_from(ask: Ask) -> None:
    issue = ask(RequestKind.DRAFT_ISSUE, source=BRIEF)
    assert check_issue(issue, BRIEF) == ()
    assert reviewed(ask, BRIEF, issue).approved
    design = ask(RequestKind.DRAFT_LLD, source=issue)
    assert check_lld(design, issue) == ()
    assert parse_verdict(ask(RequestKind.REVIEW_LLD, source=issue, draft=design)).approved
    assert "Written from the brief" not in design
    assert design.count("Security: does this touch") == 1


@pytest.mark.parametrize(
    ("brief", "missing"),
    [
        ("# Dark mode\n\nThe lines should be coloured. Red on black is not.\n",
         ["no-acceptance-criteria"]),
        ("# Dark mode\n", ["no-idea", "no-acceptance-criteria"]),
        ("", ["no-idea", "no-acceptance-criteria"]),
        ("# Dark mode\n\n## Done when\n\n- It is dark.\n", ["no-idea"]),
    ],
)  # fmt: skip
def test_a_thin_brief_is_not_approved_and_neither_is_a_design_from_it(
    ask: Ask, brief: str, missing: list[str]
) -> None:
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    verdict = reviewed(ask, brief, draft)
    assert [finding.rule for finding in verdict.findings] == missing
    assert "empty-section" in [finding.rule for finding in check_issue(draft, brief)]
    design = ask(RequestKind.DRAFT_LLD, source=draft)
    assert not parse_verdict(ask(RequestKind.REVIEW_LLD, source=draft, draft=design)).approved


def test_a_brief_that_lists_its_requirements_is_taken_at_its_word(ask: Ask) -> None:
    brief = (
        "# T\n\n## Goal\n\nAn aim. And more.\n\n## Proposal\n\nA way.\n\n"
        "## Requirements\n\n- One.\n\n## Files\n\n- `a.py`: why\n- `b.py`\n\n"
        "## Acceptance Criteria\n\n- Two.\n\n"
        "## Security\n\nNone.\n\n## Risks\n\n- Three.\n"
    )
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    assert "## Objective\n\nAn aim. And more.\n\n## Background\n\nA way.\n" in draft
    assert "## Requirements\n\n- One.\n\n## Files" in draft
    assert "- `a.py`: why\n- `b.py`\n" in draft
    assert "## Security\n\nNone.\n\n## Risks\n\n- Three.\n" in draft
    assert draft.endswith("## Open Questions\n\nNone.\n")
    assert reviewed(ask, brief, draft).approved


def test_a_draft_that_drops_a_wish_is_told_which(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_ISSUE, source=BRIEF).replace("Even at midnight", "Always")
    findings = reviewed(ask, BRIEF, draft).findings
    assert [finding.message for finding in findings] == [
        "The brief says, and the draft does not: Even at midnight."
    ]


def test_a_revision_adds_the_files_that_the_feedback_names(ask: Ask) -> None:
    revised = ask(
        RequestKind.REVISE_ISSUE, source=BRIEF, draft="# T\n", feedback="Also `shop/catalogue.py`."
    )
    assert "- `shop/store.py`\n- `shop/catalogue.py`\n" in revised


def test_a_question_about_code_alone_is_none(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_ISSUE, source=f"{BRIEF}\n```\nwhat\n```\n")
    assert "what" not in draft.partition("## Open Questions")[2]
