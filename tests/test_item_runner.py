import queue
from pathlib import Path

import pytest

from agentos.core.calls import Answer, Lease, Refusal, Usage, Wish
from agentos.core.child_spec import ItemSpec
from agentos.core.errors import (
    BudgetExhausted,
    CredentialsExhausted,
    Interrupted,
    SpendingUnrecorded,
)
from agentos.core.events import CallEvent, CallFinished, CallStarted, Event, Reported, StepFinished
from agentos.core.items import Item, Kind
from agentos.core.model_settings import ModelSettings
from agentos.core.outcomes import Outcome
from agentos.interruption import Inbox, Interruption
from agentos.item_runner import (
    BYTES_PER_TOKEN,
    LARGEST_SOURCE,
    LARGEST_TEMPLATE,
    LEAST_CONTEXT,
    context_bytes,
    run_item,
)

ISSUE = """# Lend books

## Problem

Readers cannot lend a book of `shelf.py`.

## Acceptance criteria

- [ ] A reader can lend a book.
- [ ] A book that is lent cannot be lent again.
"""


class Desk:
    """A project with one issue, and leases for so many calls."""

    def __init__(self, folder: Path, *, calls: int = 99, then: Exception | None = None) -> None:
        self.project = folder
        self.events: list[Event] = []
        self.said: list[str] = []
        self.settled: list[str] = []
        self.wishes: list[Wish] = []
        self.inbox: Inbox = queue.SimpleQueue()
        self._calls = calls
        self._then = then
        source = folder / "issues" / "042-lend-books.md"
        source.parent.mkdir(exist_ok=True)
        source.write_text(ISSUE)
        (folder / "shelf.py").write_text("BOOKS = []\n")
        self.work = ItemSpec(
            Item(Kind.LLD, "42", "Lend books", source),
            project=folder,
            state=folder / ".agentos",
            drafter=ModelSettings("embedded"),
            reviewer=ModelSettings("embedded"),
            rounds=3,
            grace=3.0,
        )

    def run(self, environ: dict[str, str] | None = None) -> Reported:
        return run_item(
            self.work,
            leases=self,
            interruption=Interruption(self.inbox, grace=self.work.grace),
            emit=self.events.append,
            say=self.said.append,
            environ=environ or {},
        )

    def acquire(self, wish: Wish) -> Lease:
        self.wishes.append(wish)
        if len(self.settled) == self._calls and self._then is not None:
            raise self._then
        return Lease(str(len(self.wishes)), "main", None)

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        self.settled.append(lease.id)

    @property
    def steps(self) -> list[str]:
        return [event.step for event in self.events if isinstance(event, StepFinished)]


class TestStopped:
    @pytest.mark.parametrize(
        ("error", "stopped_by", "resumes"),
        [
            (
                BudgetExhausted("9 of 9 tokens are spent", "raise it"),
                "budget",
                "with a higher limit the same command resumes",
            ),
            (
                CredentialsExhausted("every credential is closed", "add one"),
                "credentials",
                "the same command resumes",
            ),
            (
                SpendingUnrecorded("what calls cost cannot be recorded: the disk is full"),
                "disk",
                "the same command resumes",
            ),
            (
                Interrupted("no more credentials: the supervisor does not answer"),
                "",
                "the same command resumes",
            ),
        ],
    )
    def test_what_stopped_it_is_in_the_report_and_the_next_run_resumes(
        self, tmp_path: Path, error: Exception, stopped_by: str, resumes: str
    ) -> None:
        desk = Desk(tmp_path, calls=1, then=error)
        report = desk.run()
        assert report == Reported(
            outcome=Outcome.INTERRUPTED, error=str(error), stopped_by=stopped_by
        )
        assert desk.said[-1] == f"{error}; {resumes}"
        assert desk.steps
        resumed = Desk(tmp_path)
        assert resumed.run().outcome in (Outcome.APPROVED, Outcome.NEEDS_REVISION)
        assert not set(resumed.steps) & set(desk.steps)

    def test_a_stop_before_the_first_step_is_no_matter_of_limits(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.inbox.put(2)
        report = desk.run()
        assert (report.outcome, report.stopped_by) == (Outcome.INTERRUPTED, "")
        assert desk.wishes == []


class TestModels:
    def test_each_call_is_wished_for_with_its_worst_case_and_has_an_end(
        self, tmp_path: Path
    ) -> None:
        desk = Desk(tmp_path)
        desk.run()
        assert set(desk.wishes) == {Wish("embedded", "embedded", Usage())}
        calls = [event.call for event in desk.events if isinstance(event, CallStarted)]
        ends = [event.call for event in desk.events if isinstance(event, CallFinished)]
        assert calls == ends == desk.settled
        assert len(calls) >= 2

    def test_each_call_says_for_which_step_it_is(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.run()
        calls = [event for event in desk.events if isinstance(event, CallEvent)]
        asked = {(call.step, call.attempt) for call in calls}
        assert {("draft", 1), ("review-1", 1)} <= asked
        assert {step for step, _ in asked} <= set(desk.steps)

    def test_a_setting_that_is_wrong_fails_the_item_with_its_hint(self, tmp_path: Path) -> None:
        report = Desk(tmp_path).run({"AGENTOS_EMBEDDED_LATENCY": "soon"})
        assert report.outcome is Outcome.FAILED
        assert "AGENTOS_EMBEDDED_LATENCY is no number of seconds" in report.error
        assert report.error.endswith("or unset it)")
        assert report.stopped_by == ""

    def test_a_source_larger_than_any_issue_fails_the_item(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path)
        desk.work.item.source.write_text("x" * (LARGEST_SOURCE + 1))
        report = desk.run()
        assert report.outcome is Outcome.FAILED
        assert report.error == "042-lend-books.md cannot be read: it is larger than 1048576 bytes"


class TestContext:
    LARGE = ModelSettings("p/large", max_input_tokens=100_000, max_output_tokens=16_000)
    SMALL = ModelSettings("p/small", max_input_tokens=30_000, max_output_tokens=10_000)
    TINY = ModelSettings("p/tiny", max_input_tokens=4_000, max_output_tokens=16_000)

    @pytest.mark.parametrize(
        ("drafter", "reviewer", "tokens"),
        [
            (SMALL, SMALL, 30_000 - 10_000 - 10_000),
            (LARGE, SMALL, 30_000 - LARGE.max_output_tokens - 10_000),
            (SMALL, LARGE, 30_000 - 10_000 - LARGE.max_output_tokens),
        ],
    )
    def test_it_fits_the_smaller_window_beside_a_draft_and_findings(
        self, drafter: ModelSettings, reviewer: ModelSettings, tokens: int
    ) -> None:
        most = max(tokens * BYTES_PER_TOKEN - LARGEST_TEMPLATE, LEAST_CONTEXT)
        assert context_bytes(drafter, reviewer) == most

    def test_a_model_with_a_tiny_window_sees_something_all_the_same(self) -> None:
        assert context_bytes(self.LARGE, self.TINY) == LEAST_CONTEXT
