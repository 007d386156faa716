from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos.core.calls import RequestKind
from agentos.documents.code_context import CodeContext, Excerpt
from agentos.documents.markdown import sections
from agentos.documents.rules import causes, check_lld
from agentos.documents.source import parse_source
from agentos.documents.verdict import Finding, Verdict, parse_verdict, render_verdict
from agentos.models.embedded.lld import draft_lld

Ask = Callable[..., str]

ISSUE = """\
# Renew a `loan`

Borrowers ask for it.

## Objective

Lend longer.

## Requirements

1. `shop lend BOOK` can be done twice.
   - At most 30 days.
2. It prints:

   ```console
   $ shop renew
   ```

A row that `shop/store.py` has written is never changed.

## Files to Create/Modify

- `shop/catalogue.py`: the rule
- `shop/renewal.py` (new)
- `tests/test_catalogue.py`

## Acceptance Criteria

- [ ] The third renewal is refused.

## Security

- Borrowers | are data.
"""
TITLES = [
    "Objective",
    "Requirements",
    "Files",
    "Design",
    "Test Scenarios",
    "Security",
    "Risks",
    "Open Questions",
]


def section(document: str, title: str) -> str:
    texts = [found.text for found in sections(document) if found.title == title]
    assert len(texts) == 1
    return texts[0].strip()


def reviewed(ask: Ask, issue: str, draft: str, **more: CodeContext) -> Verdict:
    return parse_verdict(ask(RequestKind.REVIEW_LLD, source=issue, draft=draft, **more))


def rules(verdict: Verdict) -> list[str]:
    return [finding.rule for finding in verdict.findings]


def test_a_design_says_who_drafted_it_and_who_did_not(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=ISSUE)
    assert draft.startswith("# LLD: Renew a loan\n\n> Drafted by the embedded model: by rule, no")
    assert "no language model took part" in ask(RequestKind.REVIEW_LLD, source=ISSUE, draft=draft)


def test_requirements_and_criteria_are_numbered_in_one_row(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=ISSUE)
    assert section(draft, "Requirements") == (
        "From the issue's requirements:\n\n"
        "- **R1** `shop lend BOOK` can be done twice.\n"
        "- **R2** (part of R1) At most 30 days.\n"
        "- **R3** It prints:\n\n  ```console\n  $ shop renew\n  ```\n\n"
        "From its acceptance criteria:\n\n"
        "- **R4** The third renewal is refused."
    )
    assert section(draft, "Notes") == "A row that `shop/store.py` has written is never changed."


def test_steps_that_refer_to_one_another_keep_their_numbers(ask: Ask) -> None:
    steps = "1. Stop.\n   - At once.\n2. Copy.\n3. If step 2 fails, {}.\n"
    issue = "# T\n\n## Requirements\n\n" + steps.format("go on with step 1")
    text = section(ask(RequestKind.DRAFT_LLD, source=issue), "Requirements")
    assert "- **R2** (part of R1) At once.\n- **R3** (number 2 in the issue) Copy." in text
    same = issue.replace("   - At once.\n", "")
    assert "in the issue)" not in ask(RequestKind.DRAFT_LLD, source=same)
    unrelated = issue.replace("If step 2 fails, go on with step 1", "Go")
    assert "in the issue)" not in ask(RequestKind.DRAFT_LLD, source=unrelated)


def test_what_is_ticked_off_is_noted_and_not_required(ask: Ask) -> None:
    issue = "# T\n\nBefore May.\n\n- [x] freeze `shop/store.py`\n- [ ] tag `shop/catalogue.py`\n"
    draft = ask(RequestKind.DRAFT_LLD, source=issue)
    assert section(draft, "Requirements").endswith(":\n\n- **R1** tag `shop/catalogue.py`")
    assert section(draft, "Notes") == "- [x] freeze `shop/store.py`"
    files = section(draft, "Files")
    assert "shop/store.py" not in files
    assert files.endswith("not listed by the issue, but in its text: tag `shop/catalogue.py` |")
    assert reviewed(ask, issue, draft).approved


def test_files_are_checked_against_the_tree(ask: Ask) -> None:
    issue = (
        "# T\n\n## Files\n\n- `shop/catalogue.py`: rule\n- `store.py`\n- `shop/new.py` (new)\n"
        "- Modify `shop/gone.py`\n- `README.md` (new): x\n- `shop/catalog.py`\n- `../x.py`\n"
        "- Delete: `shop/__init__.py`\n- `tests/test_new.py`\n- see also `shop`\n"
    )
    draft = ask(RequestKind.DRAFT_LLD, source=issue)
    silent = "the issue does not say"
    gone = "`shop/gone.py` is not in the project, and the issue says to modify it."
    there = "`README.md` exists already, and the issue calls it new."
    similar = "`shop/catalog.py` is not in the project. Is `shop/catalogue.py` meant?"
    outside = "`../x.py` leads outside the project."
    assert section(draft, "Files").splitlines()[2:] == [
        "| `shop/catalogue.py` | modify | rule |",
        f"| `shop/store.py` | modify | {silent} |",
        f"| `shop/new.py` | create | {silent} |",
        f"| `shop/gone.py` | create | {silent} **Doubtful:** {gone} |",
        f"| `README.md` | modify | x **Doubtful:** {there} |",
        f"| `shop/catalog.py` | create | {silent} **Doubtful:** {similar} |",
        f"| `../x.py` | none | {silent} **Doubtful:** {outside} |",
        f"| `shop/__init__.py` | delete | {silent} |",
        "| `tests/test_new.py` | create | the scenarios below |",
    ]
    questions = section(draft, "Open Questions")
    assert "- **Q1** Files: `shop/gone.py` is not in the project" in questions
    assert questions.count("Files: ") == 4


def test_a_folder_that_exists_is_modified() -> None:
    source = parse_source("# T\n\n## Files\n\n- `pkg.d/a.x`\n- `lib.src`\n")
    context = CodeContext(("pkg.d/a.x/one.py",))
    assert "| `pkg.d/a.x` | modify |" in draft_lld(source, context)


def test_the_design_shows_what_the_modules_define(ask: Ask) -> None:
    design = ask(RequestKind.DRAFT_LLD, source=ISSUE).partition("## Design")[2]
    assert (
        " 5  LONGEST = 366\n"
        " 8  class Catalogue\n"
        " 9      def __init__(self, store: Store) -> None\n"
        "15      async def lend(self, book: int, *, days: int=28) -> None\n"
        "18      def _find(self, book: int) -> int\n"
    ) in design
    assert "__repr__" not in design
    assert "Imported by `tests/test_catalogue.py` (of the files read)." in design
    assert "`shop/catalogue.py`, `tests/test_catalogue.py`." in design
    assert "A new file, beside `shop/__init__.py`, `shop/catalogue.py`, `shop/store.py`." in design


def test_the_words_of_the_issue_are_found_in_the_code(ask: Ask) -> None:
    design = ask(RequestKind.DRAFT_LLD, source=ISSUE).partition("### Where the issue's words")[2]
    assert (
        "| `lend` | R1 | `shop/catalogue.py:15` Catalogue.lend, `shop/store.py:5` Store.lend |"
    ) in design


def test_every_requirement_has_a_scenario_that_says_what_to_check(ask: Ask) -> None:
    tests = section(ask(RequestKind.DRAFT_LLD, source=ISSUE), "Test Scenarios")
    assert tests.splitlines()[0] == "The issue puts the tests into `tests/test_catalogue.py`."
    refused = "the forbidden attempt is turned down and changes nothing"
    assert tests.splitlines()[4:] == [
        "| T1 | R1 | `shop lend BOOK` can be done twice. | doing it a second time |",
        "| T2 | R2 | At most 30 days. | below, at and beyond the limit (At most 30 days) |",
        "| T3 | R3 | It prints (the example under R3) | a typical case, and the result as stated |",
        f"| T4 | R4 | The third renewal is refused. | {refused} |",
    ]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ("- `shop/catalogue.py`", "tests of these modules are in `tests/test_catalogue.py`."),
        ("- `shop/store.py`", "names no test file; the project has tests in `tests`."),
    ],
)
def test_where_tests_go_is_told_from_the_tree(ask: Ask, files: str, sentence: str) -> None:
    issue = f"# T\n\n## Requirements\n\n- x\n\n## Files\n\n{files}\n"
    assert sentence in section(ask(RequestKind.DRAFT_LLD, source=issue), "Test Scenarios")


def test_every_gap_is_an_open_question(ask: Ask) -> None:
    questions = section(ask(RequestKind.DRAFT_LLD, source="# T\n"), "Open Questions").splitlines()
    asked = [line.split("** ")[1].split(":")[0] for line in questions]
    assert asked == [
        "Objective",
        "Requirements",
        "Files",
        "Acceptance criteria",
        "Security",
        "Risks",
        "Out of scope",
    ]


def test_what_the_document_says_is_not_asked_for(ask: Ask) -> None:
    issue = "# Sort\n\n## Acceptance Criteria\n\n- `shop/store.py` sorts what it holds.\n"
    draft = ask(RequestKind.DRAFT_LLD, source=issue)
    assert "shop/store.py" in section(draft, "Files")
    questions = section(draft, "Open Questions")
    assert "Requirements:" not in questions
    assert "Files:" not in questions


def test_an_issue_without_gaps_has_no_questions_but_its_own(ask: Ask) -> None:
    full = f"{ISSUE}\n## Risks\n\nNone.\n\n## Out of Scope\n\n- More.\n"
    assert section(ask(RequestKind.DRAFT_LLD, source=full), "Open Questions") == (
        "None: the issue has something to say under every heading."
    )
    asked = ask(RequestKind.DRAFT_LLD, source=f"{full}\n## Open\n\nWhy?\n\n```\nx\n```\n")
    assert section(asked, "Open Questions") == "- **Q1** Why?"


def test_a_complete_issue_is_approved_after_the_file_of_its_prose_was_added(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=ISSUE)
    assert check_lld(draft, ISSUE) == ()
    first = reviewed(ask, ISSUE, draft)
    assert rules(first) == ["unlisted-file"]
    feedback = render_verdict(first)
    revised = ask(RequestKind.REVISE_LLD, source=ISSUE, draft=draft, feedback=feedback)
    assert (
        "| `shop/store.py` | modify | not listed by the issue, but in its text: A row that"
        " `shop/store.py` has written is never changed. |"
    ) in section(revised, "Files")
    assert check_lld(revised, ISSUE) == ()
    assert reviewed(ask, ISSUE, revised).approved


def test_a_revision_keeps_the_files_of_the_draft(ask: Ask) -> None:
    draft = "# LLD: T\n\n## Files\n\n- `shop/store.py`\n"
    issue = "# T\n\n## Files\n\n- `shop/catalogue.py`\n"
    revised = ask(RequestKind.REVISE_LLD, source=issue, draft=draft, feedback="See `README.md`.")
    assert "`shop/store.py` | modify | not listed by the issue; check" in section(revised, "Files")
    assert "`README.md` | modify" in section(revised, "Files")


@pytest.mark.parametrize(
    ("issue", "missing"),
    [
        ("# T\n\nTBD\n", ["objective", "requirements", "criteria-or-files"]),
        ("# T\n\nIt feels slow.\n", ["requirements", "criteria-or-files"]),
        ("# T\n\nIt feels slow, `store.py` does.\n", ["requirements"]),
        ("# T\n\nWhy.\n\n## Requirements\n\n- x\n", ["criteria-or-files"]),
        (
            "# T\n\nWhy.\n\n## Requirements\n\n- [x] x\n- [x] y\n",
            ["requirements", "criteria-or-files"],
        ),
        ("# T\n\n## Requirements\n\n- x\n\n## Acceptance Criteria\n\n- y\n", ["objective"]),
        ("# T\n\n## Requirements\n\n- `store.py`\n\n## Done\n\n- y\n", ["objective"]),
    ],
)
def test_an_issue_too_thin_is_not_approved_and_no_revision_mends_it(
    ask: Ask, issue: str, missing: list[str]
) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=issue)
    verdict = reviewed(ask, issue, draft)
    assert rules(verdict) == [f"no-{part}" for part in missing]
    feedback = render_verdict(verdict)
    revised = ask(RequestKind.REVISE_LLD, source=issue, draft=draft, feedback=feedback)
    assert reviewed(ask, issue, revised) == verdict


SECTIONS = {
    "no-objective": ["## Objective\n\nWhy."],
    "no-requirements": ["## Requirements\n\n- x y", "## Acceptance Criteria\n\n- z"],
    "no-criteria-or-files": ["## Acceptance Criteria\n\n- z", "## Files\n\n- `new.py`"],
}


@pytest.mark.parametrize("given_already", ["", "Why.", "## Requirements\n\n- a", "In `store.py`."])
def test_what_is_missing_is_what_approval_needs_no_more_and_no_less(
    ask: Ask, given_already: str
) -> None:
    def missing(issue: str) -> list[str]:
        draft = ask(RequestKind.DRAFT_LLD, source=issue)
        found = causes((*check_lld(draft, issue), *reviewed(ask, issue, draft).findings))
        return [finding.rule for finding in found]

    issue = f"# T\n\n{given_already}\n"
    asked_for = missing(issue)
    assert asked_for
    for sections_added in product(*(SECTIONS[rule] for rule in asked_for)):
        assert missing(issue + "\n\n" + "\n\n".join(dict.fromkeys(sections_added))) == []
    for left_out in asked_for:
        others = [SECTIONS[rule][0] for rule in asked_for if rule != left_out]
        others = [section for section in others if section not in SECTIONS[left_out]]
        assert left_out in missing(issue + "\n\n" + "\n\n".join(others))


@pytest.mark.parametrize(
    "rest",
    [
        "## Requirements\n\n- x y\n\n## Files\n\n- `new.py`\n",
        "## Requirements\n\n- x of `store.py`\n",
        "## Requirements\n\n- x y\n\n## Acceptance Criteria\n\n- z\n",
        "## Acceptance Criteria\n\n- z\n",
    ],
)
def test_an_issue_that_is_enough_is_approved(ask: Ask, rest: str) -> None:
    issue = f"# T\n\n## Objective\n\nWhy.\n\n{rest}"
    draft = ask(RequestKind.DRAFT_LLD, source=issue)
    assert check_lld(draft, issue) == ()
    assert reviewed(ask, issue, draft).approved


def test_a_draft_that_drops_a_requirement_is_told_which(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=ISSUE).replace("third renewal is refused", "end")
    dropped = [f for f in reviewed(ask, ISSUE, draft).findings if f.rule == "dropped"]
    assert dropped == [
        Finding("dropped", "The issue says, and the draft does not: The third renewal is refused.")
    ]


def test_a_paraphrase_is_not_dropped(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source=ISSUE)
    other = draft.replace("The third renewal is refused.", "Refused: every third renewal.")
    assert "dropped" not in rules(reviewed(ask, ISSUE, other))


def test_a_draft_that_is_no_document_is_not_approved(ask: Ask) -> None:
    for draft in ("ACK", "---\n[\n---\n# T\n", "```\ncode\n```\n\n| a |\n|---|\n| b |\n"):
        assert not reviewed(ask, ISSUE, draft).approved


def test_an_issue_that_names_no_file_is_shown_the_modules(ask: Ask) -> None:
    draft = ask(RequestKind.DRAFT_LLD, source="# T\n\n## Requirements\n\n- Faster.\n")
    assert "| `shop/catalogue.py` | `Catalogue` |" in draft
    assert "test_catalogue" not in section(draft, "Design")
    bare = ask(RequestKind.DRAFT_LLD, CodeContext(), source="# T\n\n## Requirements\n\n- Faster.\n")
    assert section(bare, "Design") == "The issue names no file of the project."
    assert section(bare, "Test Scenarios").startswith("The issue names no test file.")


def test_files_that_tell_little_are_described_all_the_same(ask: Ask) -> None:
    many = "\n".join(f"def f{n}({'a' * 120}): pass" for n in range(45))
    context = CodeContext(
        ("a.py", "b.py", "c.py", "d.md", "e.py"),
        (
            Excerpt("a.py", many),
            Excerpt("b.py", "print(1)"),
            Excerpt("c.py", "def ("),
            Excerpt("d.md", "# One\n\nTwo"),
        ),
    )
    listed = "".join(f"- `{name}`\n" for name in (*context.files, "new/f.py", "g.xyz/h.toml"))
    design = ask(RequestKind.DRAFT_LLD, context, source=f"# T\n\n## Files\n\n{listed}")
    assert "And 5 more." in design
    assert "(aaa" in design
    assert "It defines nothing." in design
    assert "It has 1 lines, which are not outlined here." in design
    assert "It has 3 lines, which are not outlined here." in design
    assert "It exists; its text was not among what was read." in design
    assert "A new file in a new folder, `new`." in design


def test_a_circle_of_imports_has_no_order(ask: Ask) -> None:
    context = CodeContext(
        ("a.py", "b.py"), (Excerpt("a.py", "import b"), Excerpt("b.py", "import a"))
    )
    issue = "# T\n\n## Files\n\n- `a.py`\n- `b.py`\n"
    assert "From the bottom up" not in ask(RequestKind.DRAFT_LLD, context, source=issue)


def test_words_defined_in_many_places_are_not_listed_at_length(ask: Ask) -> None:
    code = "\n".join(f"class A{n}:\n    def run(self): ..." for n in range(6))
    context = CodeContext(("a.py",), (Excerpt("a.py", code),))
    issue = "# T\n\nPlease `run` it, in `a.py`.\n"
    assert "A3.run, 2 more |" in ask(RequestKind.DRAFT_LLD, context, source=issue)


LINES = st.lists(
    st.sampled_from(
        ["## Objective", "# T", "- **R9** forged", "| a | b |", "|---|---|", "```", "~~~", "    x",
         "<!--", "-->", "<details>", "Status: approved", "- `x.py` | y", "`a|b`", "1. one", "===",
         "[x]: y", "> q", "", "R7 told"]
    )
    | st.text(max_size=10),
    max_size=8,
).map("\n".join)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(LINES, LINES, LINES)
def test_no_text_of_an_issue_forges_a_section(title: str, wish: str, prose: str) -> None:
    wish = wish.replace("\n", "\n  ")
    issue = f"# {title}\n\n## Goal\n\n{prose}\n\n## Requirements\n\n- {wish}\n\n## Risks\n\n{prose}"
    try:
        source = parse_source(issue)
    except ValueError:
        return
    draft = draft_lld(source, CodeContext())
    found = [s.title for s in sections(draft) if s.level == 2]
    assert [title for title in found if title not in ("Background", "Notes")] == TITLES
    numbers = len(source.requirements) + len(source.criteria)
    assert section(draft, "Test Scenarios").count("\n| T") == max(0, numbers + (numbers > 0))
    assert not {"numbering", "untested", "placeholder"} & {
        finding.rule for finding in check_lld(draft, issue)
    }
