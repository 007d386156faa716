from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from workbench import Workbench

from agentos.core.calls import Answer, Request, RequestKind
from agentos.core.errors import Interrupted
from agentos.core.events import Decided
from agentos.core.items import Item, Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.documents.code_context import parse
from agentos.documents.templates import REVIEW_TEMPLATE
from agentos.documents.verdict import Finding, Verdict, render_verdict
from agentos.workflows.review_loop import (
    Assignment,
    Kinds,
    Reviewed,
    draft_and_review,
    write_reviewed,
)
from agentos.workflows.task import Task

KINDS = Kinds(RequestKind.DRAFT_LLD, RequestKind.REVIEW_LLD, RequestKind.REVISE_LLD)
VAGUE = Finding("vague", "Say what fast means")
UNTESTED = Finding("untested", "R1 has no test")
APPROVED = render_verdict(Verdict(approved=True))


def rejected(*findings: Finding) -> str:
    return render_verdict(Verdict(approved=False, findings=findings))


class Script:
    """A model that says what it was given, in turn, and keeps what it was asked."""

    def __init__(self, *answers: str | Exception) -> None:
        self.asked: list[Request] = []
        self._answers = list(answers)

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, "script")


def nothing_wrong(_draft: str) -> Sequence[Finding]:
    return ()


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def write(
    bench: Workbench,
    drafter: Script,
    reviewer: Script,
    *,
    rounds: int = 3,
    check: Callable[[str], Sequence[Finding]] = nothing_wrong,
) -> Reviewed:
    brief = Assignment(KINDS, template="T", context="C", source="S", check=check)
    with bench.steps() as steps:
        return write_reviewed(brief, steps, drafter=drafter, reviewer=reviewer, rounds=rounds)


def decisions(bench: Workbench) -> list[tuple[str, str]]:
    return [(e.decision, e.reason) for e in bench.events if isinstance(e, Decided)]


def test_what_a_gap_in_the_source_brings_with_it_is_not_told_beside_it(bench: Workbench) -> None:
    cause = Finding("no-acceptance-criteria", "Say when it is done")
    effect = Finding("empty-section", "The section `## Acceptance Criteria` is empty.")
    reviewer = Script(rejected(cause))
    reviewed = write(bench, Script("# Draft\n"), reviewer, rounds=1, check=lambda _: (effect,))
    assert reviewed.findings == (cause,)


def test_what_nobody_finds_fault_with_is_approved_at_once(bench: Workbench) -> None:
    drafter, reviewer = Script("# Draft\n"), Script(APPROVED)
    reviewed = write(bench, drafter, reviewer)
    assert reviewed == Reviewed("# Draft\n", (), (("# Draft\n", APPROVED),))
    assert reviewed.outcome is Outcome.APPROVED
    assert decisions(bench) == [("approve", "round 1 found nothing")]
    assert bench.said == ["draft: 1 lines", "review 1: approved"]


def test_each_question_has_its_own_parts(bench: Workbench) -> None:
    drafter = Script("# One\n", "# Two\n")
    reviewer = Script(rejected(VAGUE), APPROVED)
    write(bench, drafter, reviewer)
    assert drafter.asked == [
        Request(KINDS.draft, template="T", context="C", source="S"),
        Request(
            KINDS.revise,
            template="T",
            context="C",
            source="S",
            draft="# One\n",
            feedback=rejected(VAGUE),
        ),
    ]
    assert reviewer.asked == [
        Request(KINDS.review, template=REVIEW_TEMPLATE, context="C", source="S", draft=draft)
        for draft in ("# One\n", "# Two\n")
    ]


def test_what_is_found_is_revised_and_reviewed_again(bench: Workbench) -> None:
    reviewed = write(bench, Script("# One\n", "# Two\n"), Script(rejected(VAGUE), APPROVED))
    assert reviewed.outcome is Outcome.APPROVED
    assert reviewed.text == "# Two\n"
    assert reviewed.rounds == (("# One\n", rejected(VAGUE)), ("# Two\n", APPROVED))
    assert bench.said == [
        "draft: 1 lines",
        "review 1: Say what fast means",
        "revise 1: 1 lines",
        "review 2: approved",
    ]


def test_two_rounds_with_the_same_findings_are_enough(bench: Workbench) -> None:
    drafter, reviewer = Script("# One\n", "# Two\n"), Script(rejected(VAGUE), rejected(VAGUE))
    reviewed = write(bench, drafter, reviewer, rounds=9)
    assert reviewed.outcome is Outcome.NEEDS_REVISION
    assert (reviewed.text, reviewed.findings) == ("# Two\n", (VAGUE,))
    assert len(reviewed.rounds) == 2
    assert decisions(bench) == [("stop revising", "rounds 1 and 2 found the same")]
    assert bench.said[-1] == "review 2: the same again, so revising ends here"


def test_the_rounds_are_limited_and_the_last_draft_is_the_reviewed_one(bench: Workbench) -> None:
    drafter = Script("# One\n", "# Two\n")
    reviewer = Script(rejected(VAGUE), rejected(UNTESTED))
    reviewed = write(bench, drafter, reviewer, rounds=2)
    assert (reviewed.text, reviewed.findings) == ("# Two\n", (UNTESTED,))
    assert [draft for draft, _ in reviewed.rounds] == ["# One\n", "# Two\n"]
    assert decisions(bench) == [("stop revising", "2 rounds are the limit")]


@pytest.mark.parametrize("rounds", [1, 0])
def test_there_is_always_one_review(bench: Workbench, rounds: int) -> None:
    drafter = Script("# One\n")
    reviewed = write(bench, drafter, Script(rejected(VAGUE)), rounds=rounds)
    assert reviewed.outcome is Outcome.NEEDS_REVISION
    assert len(drafter.asked) == 1


def test_our_own_rules_come_before_the_reviewers_word(bench: Workbench) -> None:
    def check(draft: str) -> Sequence[Finding]:
        return (UNTESTED,) if draft == "# One\n" else ()

    drafter, reviewer = Script("# One\n", "# Two\n"), Script(rejected(VAGUE), APPROVED)
    reviewed = write(bench, drafter, reviewer, check=check)
    assert reviewed.outcome is Outcome.APPROVED
    assert reviewed.rounds[0][1] == rejected(UNTESTED, VAGUE)


def test_an_approval_does_not_outweigh_our_rules(bench: Workbench) -> None:
    drafter = Script("# One\n", "# Two\n")
    reviewed = write(bench, drafter, Script(APPROVED, APPROVED), check=lambda _draft: (UNTESTED,))
    assert reviewed.outcome is Outcome.NEEDS_REVISION
    assert reviewed.findings == (UNTESTED,)


def test_a_review_that_cannot_be_read_is_a_finding(bench: Workbench) -> None:
    reviewed = write(bench, Script("# One\n", "# Two\n"), Script("Looks fine to me!", APPROVED))
    assert reviewed.outcome is Outcome.APPROVED
    assert "**unreadable-review**: The review does not begin with" in reviewed.rounds[0][1]


def test_the_audit_tells_what_of_the_code_the_model_is_not_shown(
    bench: Workbench, tmp_path: Path
) -> None:
    project = tmp_path / "shelf"
    project.mkdir()
    (project / "books.py").write_text("BOOKS = []\n")
    (project / "loans.py").write_text("LOANS = []\n" * 5000)
    source = project / "042-lend.md"
    task = Task(
        Item(Kind.LLD, "42", "Lend", source),
        project,
        StatePaths(project / ".agentos"),
        source=b"Lend what `books.py` and `loans.py` hold.\n",
        rounds=1,
        context_bytes=8000,
        drafter=(drafter := Script("# Draft\n")),
        reviewer=Script(APPROVED),
    )
    with bench.steps() as steps:
        draft_and_review(
            task, steps, first_step="load", kinds=KINDS, template="T", check=lambda *_: ()
        )
    [asked] = drafter.asked
    omitted = parse(asked.context).omitted
    assert ["`loans.py`" in sentence for sentence in omitted] == [True]
    assert decisions(bench) == [
        ("leave out of the context", omitted[0]),
        ("approve", "round 1 found nothing"),
    ]


@pytest.mark.parametrize("told_at", range(5))
def test_a_run_that_was_cut_off_is_resumed_without_asking_again(
    bench: Workbench, told_at: int
) -> None:
    """`told_at` counts the calls before the one that is cut off."""
    drafts = ["# One\n", "# Two\n", "# Three\n"]
    reviews = [rejected(VAGUE), rejected(UNTESTED), APPROVED]
    answers = [text for pair in zip(drafts, reviews, strict=True) for text in pair]

    def run(first: int, last: int | None) -> tuple[Reviewed, int]:
        """A run that gets the answers from `first` on, and no other."""
        given = answers[first:last] if last is not None else answers[first:]
        script = Script(*given, *([] if last is None else [Interrupted("stopped")]))
        try:
            return write(bench, script, script), len(script.asked)
        finally:
            assert len(script.asked) == len(given) + (last is not None)

    with pytest.raises(Interrupted):
        run(0, told_at)
    reviewed, asked = run(told_at, None)
    assert asked == len(answers) - told_at
    assert reviewed.outcome is Outcome.APPROVED
    assert reviewed.rounds == tuple(zip(drafts, reviews, strict=True))
    again = Script()
    assert write(bench, again, again) == reviewed
