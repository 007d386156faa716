import pytest

from agentos.core.outcomes import Outcome
from agentos.documents.headings import Role, role_of
from agentos.documents.markdown import Code, ListItem, Paragraph
from agentos.documents.named_files import FileAction, NamedFile
from agentos.documents.source import Statement, is_placeholder, parse_source
from agentos.documents.status import stamp
from agentos.documents.verdict import Finding

ISSUE = """\
---
labels: [bug]
---
# A `title`

Status: approved

An introduction.

## Goal

One *aim*.

### Requirements

1. First,
   over two lines.
   - [ ] A part of it.
     1. A part of the part.
2. [x] Second:

   ```console
   $ run
   ```
3. **R3** Third.

Beside the list.

#### On the command line

- Under a heading of its own.

## Files to Create/Modify

- `a/new.py` (new): made
- `./b.py`, `c.py`: both change

## Acceptance criteria:

Prose is a criterion, too.

## Sonstiges

Whatever.

## Empty

## Non-goals

- Not this, nor `out/of/scope.py`.

### Security

Not even security.

## 7. Privacy

None.

## Risks

TBD
"""


def test_an_issue_is_taken_apart() -> None:
    source = parse_source(ISSUE)
    assert source.title == "A title"
    assert source.fields == {"labels": ["bug"]}
    assert source.introduction == (Paragraph("An introduction."),)
    assert source.objective == (Paragraph("One *aim*."),)
    assert source.requirements == (
        Statement("First, over two lines.", number=1),
        Statement("A part of it.", 0),
        Statement("A part of the part.", 1, number=1),
        Statement("Third.", number=3),
        Statement("Under a heading of its own."),
    )
    assert source.notes == (
        Paragraph("Beside the list."),
        ListItem("[x] Second:", 0, (Code("$ run", "console"),), 2),
    )
    assert source.files == (
        NamedFile("a/new.py", "made", FileAction.CREATE),
        NamedFile("b.py", "both change"),
        NamedFile("c.py", "both change"),
    )
    assert source.criteria == (Statement("Prose is a criterion, too."),)
    assert source.rest == (Paragraph("Sonstiges:"), Paragraph("Whatever."))
    assert source.security == (Paragraph("None."),)
    assert source.risks == ()


def test_what_is_out_of_scope_stays_so_under_any_subheading() -> None:
    source = parse_source(ISSUE)
    assert source.out_of_scope == (
        ListItem("Not this, nor `out/of/scope.py`."),
        Paragraph("Not even security."),
    )
    assert "scope.py" not in source.prose


@pytest.mark.parametrize("text", ["", "\n\n", "TBD", "---\nlabels: []\n---\n"])
def test_a_text_without_content_has_no_parts(text: str) -> None:
    source = parse_source(text)
    assert (source.title, source.requirements, source.files) == ("", (), ())
    assert source.introduction == ()


def test_the_front_matter_may_hold_the_title() -> None:
    assert parse_source("---\ntitle: From above\n---\nText.\n").title == "From above"
    assert parse_source("---\ntitle: 7\n---\nText.\n").title == ""


def test_malformed_front_matter_is_an_error() -> None:
    with pytest.raises(ValueError, match="front matter"):
        parse_source("---\n[\n---\n# T\n")


def test_headings_in_code_open_no_section() -> None:
    source = parse_source("# T\n\n## Goal\n\n```\n## Requirements\n- no\n```\n")
    assert source.requirements == ()
    assert source.objective == (Code("## Requirements\n- no"),)


def test_windows_line_ends_make_no_difference() -> None:
    assert parse_source(ISSUE.replace("\n", "\r\n")) == parse_source(ISSUE)


@pytest.mark.parametrize(
    ("section", "texts"),
    [
        ("One.\n\nTwo.\n", ["One.", "Two."]),
        ("| Id | What |\n|---|---|\n| A | one |\n| | two |\n", ["A \u2013 one", "two"]),
        ("| What | Why |\n|---|---|\n| TBD | - |\n| one | |\n", ["one"]),
        ("```gherkin\nGiven x\n```\n", ["As in this example:"]),
        ("- TBD\n- real\n", ["real"]),
        ("- [ ] TODO\n- AC-2: real\n", ["real"]),
    ],
)
def test_requirements_come_in_many_forms(section: str, texts: list[str]) -> None:
    source = parse_source(f"# T\n\n## Requirements\n\n{section}")
    assert [statement.text for statement in source.requirements] == texts


def test_an_empty_table_is_no_requirement() -> None:
    assert parse_source("## Requirements\n\n| a | b |\n|---|---|\n").requirements == ()


def test_what_is_to_be_ticked_off_under_the_title_is_required() -> None:
    source = parse_source(
        "# Release\n\nAll before May.\n\n- [ ] tag\n  - sign it\n- [x] freeze\n- no box\n\n"
        "That is all.\n"
    )
    assert source.requirements == (
        Statement("tag"),
        Statement("sign it", 0),
    )
    assert source.notes == (ListItem("[x] freeze"),)
    assert source.introduction == (
        Paragraph("All before May."),
        ListItem("no box"),
        Paragraph("That is all."),
    )


@pytest.mark.parametrize("heading", ["Requirements", "Done when", "Idea", "Files"])
def test_what_is_ticked_off_is_done_and_no_place_to_look_for_files(heading: str) -> None:
    source = parse_source(f"# T\n\n## {heading}\n\n- [X] See `a.py`\n  - and more\n- [ ] `b.py`\n")
    said = (*source.requirements, *source.criteria, *source.proposal, *source.files)
    assert len(said) == 1
    assert source.notes == (ListItem("[X] See `a.py`"), ListItem("and more", 1))
    assert "a.py" not in source.prose
    assert "b.py" in source.prose


def test_boxes_elsewhere_mean_something_else() -> None:
    source = parse_source("# T\n\n## Platform\n\n- [x] Linux\n- [ ] macOS\n")
    assert source.rest == (Paragraph("Platform:"), ListItem("[x] Linux"), ListItem("[ ] macOS"))
    assert source.notes == ()


def test_what_we_listed_as_missing_is_not_the_authors() -> None:
    finding = Finding("no-idea", "The brief does not say what.")
    stamped = stamp("# T\n\n## Goal\n\nX.\n", Outcome.NEEDS_REVISION, [finding])
    assert "The brief" in stamped
    assert parse_source(stamped).rest == ()


def test_the_sentences_of_the_usual_template_say_nothing() -> None:
    source = parse_source(
        "# T\n\n**Describe the bug**\nA clear and concise description of what the bug is.\n\n"
        "**Screenshots**\nIf applicable, add screenshots to help explain your problem.\n\n"
        "**Additional context**\nAdd any other context about the problem here.\n"
    )
    assert source.objective == source.rest == ()


def test_a_checklist_below_the_objective_is_required() -> None:
    source = parse_source("# Release\n\n## Objective\n\nShip it.\n\n- [ ] tag\n- [ ] freeze\n")
    assert source.requirements == (Statement("tag"), Statement("freeze"))
    assert source.objective == (Paragraph("Ship it."),)
    alone = parse_source("# Release\n\n## Objective\n\n- [ ] tag\n")
    assert (alone.requirements, alone.objective) == ((), (ListItem("[ ] tag"),))


@pytest.mark.parametrize("section", ["Requirements", "Acceptance Criteria"])
def test_a_checklist_is_not_required_where_something_else_is(section: str) -> None:
    source = parse_source(f"# Release\n\n- [ ] tag\n\n## {section}\n\n- a\n")
    assert source.introduction == (ListItem("[ ] tag"),)
    assert Statement("tag") not in source.requirements


@pytest.mark.parametrize(
    "text",
    ["", "TBD", "tbd.", "_No response_",
     "_TODO_", "TODO: write this", "...", "\u2026", "?", "`TBD`", "to be done",
     "<title>", "lorem ipsum dolor", "-" * 50_000],
)  # fmt: skip
def test_placeholders_are_told(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    ["None.", "n/a", "Collect TODO comments", "TODO comments are listed", "-" * 50_000 + "x"],
)
def test_content_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Acceptance Criteria", Role.CRITERIA),
        ("What should be true when it is done", Role.CRITERIA),
        ("Files", Role.FILES),
        ("Files to Create/Modify", Role.FILES),
        ("Files to touch", Role.FILES),
        ("Summary", Role.OBJECTIVE),
        ("The Problem", Role.BACKGROUND),
        ("Idea", Role.PROPOSAL),
        ("Who needs it", Role.USERS),
        ("3. Non-Goals:", Role.OUT_OF_SCOPE),
        ("Open", Role.QUESTIONS),
        ("\U0001f512 Security", Role.SECURITY),
        ("Describe the bug", Role.OBJECTIVE),
        ("Steps to reproduce the behaviour", Role.BACKGROUND),
        ("Is your feature request related to a problem? Please describe.", Role.BACKGROUND),
        ("Describe the solution you'd like", Role.PROPOSAL),
        ("Expected result", Role.REQUIREMENTS),
        ("What did you expect to happen?", Role.REQUIREMENTS),
        ("Actual result", Role.BACKGROUND),
        ("Additional context", None),
        ("Colours of the label", None),
        ("", None),
    ],
)
def test_a_heading_is_known_by_many_names(title: str, role: Role | None) -> None:
    assert role_of(title) is role


@pytest.mark.parametrize(
    ("section", "files"),
    [
        ("- plain/path.py\n", [NamedFile("plain/path.py")]),
        ("- **`a.py`** \u2014 why\n", [NamedFile("a.py", "why")]),
        ("- Create: `a.py`\n", [NamedFile("a.py", "", FileAction.CREATE)]),
        ("- Modify `a.py`: why\n", [NamedFile("a.py", "why", FileAction.MODIFY)]),
        ("- `a.py` modifies the parser\n",
         [NamedFile("a.py", "modifies the parser", FileAction.MODIFY)]),
        ("- `a.py`: new function\n", [NamedFile("a.py", "new function")]),
        ("- `a.py` (removed)\n", [NamedFile("a.py", "", FileAction.DELETE)]),
        ("- `a.py` and `b.py`: uses `run.sh x`\n",
         [NamedFile("a.py", "uses `run.sh x`"), NamedFile("b.py", "uses `run.sh x`")]),
        ("- `a.py` imports `b.py`\n", [NamedFile("a.py", "imports `b.py`")]),
        ("- `a.py`\n  - first\n  - second\n", [NamedFile("a.py", "first; second")]),
        ("- no path here\n  - nor here\n", []),
        ("| File | Why |\n|---|---|\n| `a.py` | new: x |\n",
         [NamedFile("a.py", "x", FileAction.CREATE)]),
        ("```\na/b.py\nc.md  # why\n```\n", [NamedFile("a/b.py"), NamedFile("c.md", "# why")]),
        ("### New files\n\n- `a.py`\n\n### Modify\n\n- `b.py`\n",
         [NamedFile("a.py", "", FileAction.CREATE), NamedFile("b.py", "", FileAction.MODIFY)]),
        ("- `a.py`\n- `a.py`: again\n", [NamedFile("a.py")]),
        ("- see `.gitignore`.\n", [NamedFile(".gitignore", "see .")]),
    ],
)  # fmt: skip
def test_files_are_named_in_many_ways(section: str, files: list[NamedFile]) -> None:
    assert list(parse_source(f"# T\n\n## Files\n\n{section}").files) == files
