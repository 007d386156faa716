"""Draft, check, review, revise: the part that every document goes through."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agentos.core.calls import Complete, Request, RequestKind
from agentos.core.outcomes import Outcome
from agentos.documents.code_context import parse
from agentos.documents.rules import causes
from agentos.documents.templates import REVIEW_TEMPLATE
from agentos.documents.verdict import (
    Finding,
    Verdict,
    parse_verdict,
    render_verdict,
)
from agentos.workflows.steps import Steps
from agentos.workflows.task import Task


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the model is asked for, by the kind of document."""

    draft: RequestKind
    review: RequestKind
    revise: RequestKind


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a document is made from. `check` gives the structural faults of a draft."""

    kinds: Kinds
    template: str
    context: str
    source: str
    check: Callable[[str], Sequence[Finding]]

    def request(self, kind: RequestKind, *, draft: str = "", feedback: str = "") -> Request:
        """The parts of one question about this document."""
        return Request(
            kind,
            template=REVIEW_TEMPLATE if kind is self.kinds.review else self.template,
            context=self.context,
            source=self.source,
            draft=draft,
            feedback=feedback,
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The last draft and what was found in it; nothing found means approved.

    `rounds` tells the way there: each draft with its verdict, both as Markdown.
    """

    text: str
    findings: tuple[Finding, ...]
    rounds: tuple[tuple[str, str], ...]

    @property
    def outcome(self) -> Outcome:
        """Approved, or in need of revision by a person."""
        return Outcome.NEEDS_REVISION if self.findings else Outcome.APPROVED


def write_reviewed(
    assignment: Assignment, steps: Steps, *, drafter: Complete, reviewer: Complete, rounds: int
) -> Reviewed:
    """Draft a document and revise it for at most `rounds` reviews, at least one.

    Stops early when two rounds bring the same findings: another would too.
    """
    draft = steps.ask("draft", drafter, assignment.request(assignment.kinds.draft))
    steps.say(f"draft: {len(draft.splitlines())} lines")
    history: list[tuple[str, str]] = []
    before: tuple[Finding, ...] | None = None
    for number in itertools.count(1):
        findings = _review(assignment, steps, reviewer, draft, number)
        _tell(steps, number, findings, again=findings == before)
        history.append((draft, render_verdict(Verdict(not findings, findings))))
        if not findings:
            steps.decide("approve", f"round {number} found nothing")
            break
        if findings == before:
            steps.decide("stop revising", f"rounds {number - 1} and {number} found the same")
            break
        if number >= rounds:
            steps.decide("stop revising", f"{rounds} rounds are the limit")
            break
        request = assignment.request(assignment.kinds.revise, draft=draft, feedback=history[-1][1])
        draft = steps.ask(f"revise-{number}", drafter, request)
        steps.say(f"revise {number}: {len(draft.splitlines())} lines")
        before = findings
    return Reviewed(draft, findings, tuple(history))


def _review(
    assignment: Assignment, steps: Steps, reviewer: Complete, draft: str, number: int
) -> tuple[Finding, ...]:
    """One round: what our rules find, then what the reviewer does."""
    checked = steps.run(
        f"check-{number}",
        lambda: [[finding.rule, finding.message] for finding in assignment.check(draft)],
    )
    review = steps.ask(
        f"review-{number}", reviewer, assignment.request(assignment.kinds.review, draft=draft)
    )
    of_form = (Finding(rule, message) for rule, message in checked)
    return causes((*of_form, *_findings(review)))


def _tell(steps: Steps, number: int, findings: Sequence[Finding], *, again: bool) -> None:
    if not findings:
        steps.say(f"review {number}: approved")
    elif again:
        steps.say(f"review {number}: the same again, so revising ends here")
    else:
        for finding in findings:
            steps.say(f"review {number}: {finding.message}")


def _findings(review: str) -> tuple[Finding, ...]:
    try:
        return parse_verdict(review).findings
    except ValueError as error:
        return (Finding("unreadable-review", str(error)),)


def draft_and_review(
    task: Task,
    steps: Steps,
    *,
    first_step: str,
    kinds: Kinds,
    template: str,
    check: Callable[[str, str], Sequence[Finding]],
) -> Reviewed:
    """Read the source under the name `first_step`, gather context, and write what it asks for.

    `check` gives the structural faults of a draft, from the draft and the source. Raises
    AgentosError.
    """
    source = steps.run(first_step, task.text)
    context = steps.run("context", lambda: task.code(source))
    for sentence in parse(context).omitted:
        steps.decide("leave out of the context", sentence)
    assignment = Assignment(
        kinds, template, context, source, check=lambda draft: check(draft, source)
    )
    return write_reviewed(
        assignment, steps, drafter=task.drafter, reviewer=task.reviewer, rounds=task.rounds
    )
