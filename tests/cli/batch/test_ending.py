"""The end of a batch: put together once, told on the screen and on the page of a CI job."""

from pathlib import Path

import pytest

from agentos.cli.batch.ending import Ending, ending
from agentos.cli.batch.pages import of_end
from agentos.cli.batch.summary import summary_lines
from agentos.cli.batch.wiring import BatchEnd
from agentos.core.items import Item, Kind
from agentos.core.outcomes import Outcome
from agentos.core.paths import StatePaths
from agentos.core.prices import PriceTable
from agentos.publishing.index import IndexEntry
from agentos.reporting.advice import TO_GO_ON, advice
from agentos.reporting.costs import Costs
from agentos.reporting.status import Standing, State
from agentos.workflows.parallel import WorkflowResult
from agentos.workspace.project import Project
from agentos.workspace.survey import Survey

ROOT = Path("/home/mira/shelf")
STATE = StatePaths(ROOT / ".agentos")
BUDGET = "this batch has spent 10 of 20 tokens"


def standing(number: str, state: State) -> Standing:
    item = Item(Kind.LLD, number, f"Title {number}", ROOT / f"issues/{number}.md")
    return Standing(item, state)


@pytest.fixture
def told() -> Ending:
    """One skipped that needs revision, one approved, one failed, one that never began."""
    path = "docs/lld/active/LLD-001.md"
    entry = IndexEntry(Outcome.NEEDS_REVISION, "", path, "", None, "")
    found = Survey(
        Project(ROOT, STATE),
        Kind.LLD,
        (
            standing("1", State.NEEDS_REVISION),
            standing("2", State.PENDING),
            standing("3", State.PENDING),
            standing("4", State.PENDING),
        ),
        {"LLD-1": entry},
        (),
    )
    results = (
        WorkflowResult("LLD-2", Outcome.APPROVED, duration=1.0),
        WorkflowResult("LLD-3", Outcome.FAILED, error="the provider is down", duration=2.0),
        WorkflowResult("LLD-4", Outcome.INTERRUPTED),
    )
    end = BatchEnd(
        {one.item_id: one for one in results},
        {"LLD-2": "docs/lld/active/LLD-002.md"},
        Costs(PriceTable()),
        BUDGET,
        frozenset({"budget"}),
        4,
    )
    return ending(found, end, "20261123T184846Z-b86e")


def test_the_screen_ends_with_what_to_do(told: Ending) -> None:
    assert summary_lines(told) == [
        "",
        "LLD-1  skipped (needs revision)  docs/lld/active/LLD-001.md",
        "LLD-2  approved                  docs/lld/active/LLD-002.md  1.0 s",
        "LLD-3  failed                    the provider is down        2.0 s",
        "LLD-4  interrupted                                           not started",
        "",
        "1 approved, 1 failed (LLD-3), 1 interrupted (LLD-4), 1 skipped",
        BUDGET,
        "documents: /home/mira/shelf/docs/lld/active",
        "record: /home/mira/shelf/.agentos/logs/parallel/20261123T184846Z-b86e",
        "",
        "needs revision: the document says under its title what is missing; write that",
        "  into the issue's file in issues/ and type the same command again",
        "failed: the reason stands above, and more in the item's log in the record of the",
        "  run; mend it and type the same command again, which repeats no finished step",
        "to go on, give a higher limit; --budget-reset forgets what a batch has spent",
    ]


def test_the_page_tells_the_same(told: Ending) -> None:
    page = of_end(told, 4)
    assert page.headline == told.headline
    assert page.reasons == {"LLD-3": "the provider is down"}
    assert [row[:4] for row in page.rows] == [
        ("LLD-1", "Title 1", "skipped (needs revision)", "docs/lld/active/LLD-001.md"),
        ("LLD-2", "Title 2", "approved", "docs/lld/active/LLD-002.md"),
        ("LLD-3", "Title 3", "failed", ""),
        ("LLD-4", "Title 4", "interrupted", ""),
    ]
    assert page.remarks == [
        *advice(Kind.LLD, [Outcome.NEEDS_REVISION, Outcome.FAILED]),
        TO_GO_ON["budget"],
        BUDGET,
        "Run 20261123T184846Z-b86e, exit code 4",
    ]
