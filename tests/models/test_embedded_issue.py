from collections.abc import Callable

import pytest

from agentos.core.calls import RequestKind
from agentos.documents.rules import causes, check_issue, check_lld
from agentos.documents.source import parse_source
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


@pytest.mark.parametrize(
    ("prose", "asked"),
    [
        ("Logging in takes 5 s. It should take one. Why?", ["It should take one."]),
        ("Logging in takes 5 s since Monday.", []),
        ("Add a switch.\n\nIt is dark.", ["Add a switch."]),
        ("It was so:\n\n- slow\n- grey\n- it must be blue", ["it must be blue"]),
        ("We need:\n\n1. a switch\n2. a lamp", ["We need:", "a switch", "a lamp"]),
        ("- a switch\n  - of wood", ["a switch", "of wood"]),
        ("We need light. Thus:\n\n2. a lamp\n3. a switch", ["We need light."]),
        ("Please add:\n\n2. a lamp\n\n   4. a bulb", ["Please add:", "a lamp", "a bulb"]),
        ("- [x] a switch\n- [ ] a lamp", ["a lamp"]),
    ],
)
@pytest.mark.parametrize("heading", ["", "## Description\n\n"])
def test_of_a_description_only_what_asks_is_required(
    ask: Ask, heading: str, prose: str, asked: list[str]
) -> None:
    brief = f"# T\n\n{heading}{prose}\n\n## Done when\n\n- It is done.\n"
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    assert [statement.text for statement in parse_source(draft).requirements] == asked
    rules = [finding.rule for finding in reviewed(ask, brief, draft).findings]
    assert rules == ([] if asked else ["no-idea"])
    for sentence in prose.split(". "):
        assert sentence.partition("\n")[0] in draft


def test_a_list_that_is_required_is_not_told_as_background_too(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_ISSUE, source="# T\n\nIt is slow. Please add:\n\n- a cache\n")
    assert "## Background\n\nIt is slow. Please add:\n\n## Requirements" in draft
    assert draft.count("a cache") == 1


def test_what_is_missing_is_what_approval_needs(ask: Ask) -> None:
    brief = "# T\n\nIt is slow.\n"
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    found = causes((*check_issue(draft, brief), *reviewed(ask, brief, draft).findings))
    assert [finding.rule for finding in found] == ["no-idea", "no-acceptance-criteria"]
    brief += "\n## Idea\n\nA cache.\n\n## Acceptance Criteria\n\n- It is fast.\n"
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    assert check_issue(draft, brief) == reviewed(ask, brief, draft).findings == ()


def test_steps_keep_their_numbers_and_what_is_ticked_off_stays_so(ask: Ask) -> None:
    brief = "# T\n\n## Requirements\n\n1. Stop.\n   - At once.\n2. Undo step 1.\n3. [x] Plan.\n"
    draft = ask(RequestKind.DRAFT_ISSUE, source=brief)
    assert "## Requirements\n\n1. Stop.\n   - At once.\n2. Undo step 1.\n\n3. [x] Plan.\n" in draft
    assert parse_source(draft).requirements == parse_source(brief).requirements


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
