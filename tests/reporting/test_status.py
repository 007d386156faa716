from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentos.core.items import Item, Kind
from agentos.core.outcomes import Outcome
from agentos.records.history import LastOutcome
from agentos.reporting.status import JournalSnapshot, Standing, State, standings

ITEM = Item(Kind.LLD, "42", "Reminders", Path("/project/issues/042-reminders.md"))
DRAFTED = JournalSnapshot(("load", "draft"), input_hash="present")


@dataclass(frozen=True)
class Entry:
    outcome: Outcome
    input_hash: str = "present"


def last(outcome: Outcome, error: str = "") -> LastOutcome:
    return LastOutcome(outcome, error, "2026-11-23T18:15:00.000Z", "run")


def stands(
    entry: Entry | None = None,
    journal: JournalSnapshot | None = None,
    last: LastOutcome | None = None,
) -> Standing:
    (found,) = standings(
        [ITEM],
        input_hashes={"LLD-42": "present"},
        index={"LLD-42": entry} if entry else {},
        journals={"LLD-42": journal} if journal else {},
        last={"LLD-42": last} if last else {},
    )
    assert found.item is ITEM
    return found


NEW, RESUME = "new", "resume after step draft"
SKIPPED = "skipped because it is finished ({}) and its input is unchanged"


@pytest.mark.parametrize(
    ("found", "state", "words", "forecast"),
    [
        (stands(), State.PENDING, "pending", NEW),
        (stands(last=last(Outcome.INTERRUPTED)), State.PENDING, "pending", NEW),
        (stands(last=last(Outcome.APPROVED)), State.PENDING, "pending", NEW),
        (stands(journal=JournalSnapshot()), State.PENDING, "pending", NEW),
        (stands(journal=DRAFTED), State.INTERRUPTED, "interrupted after draft", RESUME),
        (
            stands(journal=DRAFTED, last=last(Outcome.INTERRUPTED)),
            State.INTERRUPTED,
            "interrupted after draft",
            RESUME,
        ),
        (
            stands(journal=JournalSnapshot(("load", "draft"))),
            State.INTERRUPTED,
            "interrupted after draft",
            RESUME,
        ),
        (
            stands(journal=JournalSnapshot(("load", "draft"), input_hash="former")),
            State.PENDING,
            "pending",
            NEW,
        ),
        (
            stands(Entry(Outcome.APPROVED), last=last(Outcome.APPROVED)),
            State.APPROVED,
            "approved",
            SKIPPED.format("approved"),
        ),
        (
            stands(Entry(Outcome.NEEDS_REVISION)),
            State.NEEDS_REVISION,
            "needs revision",
            SKIPPED.format("needs revision"),
        ),
        (
            stands(Entry(Outcome.APPROVED, "former")),
            State.CHANGED,
            "changed since it was finished",
            NEW,
        ),
        (
            stands(Entry(Outcome.APPROVED, "former"), DRAFTED),
            State.INTERRUPTED,
            "interrupted after draft",
            RESUME,
        ),
        # Begun again with --again, or killed before the journal was deleted: go on.
        (
            stands(Entry(Outcome.APPROVED), DRAFTED),
            State.INTERRUPTED,
            "interrupted after draft",
            RESUME,
        ),
        (
            stands(Entry(Outcome.APPROVED), JournalSnapshot(("load",), input_hash="former")),
            State.APPROVED,
            "approved",
            SKIPPED.format("approved"),
        ),
        (stands(Entry(Outcome.FAILED)), State.PENDING, "pending", NEW),
        (
            stands(last=last(Outcome.FAILED, "not UTF-8")),
            State.FAILED,
            "failed: not UTF-8",
            NEW,
        ),
        (
            stands(last=last(Outcome.FAILED)),
            State.FAILED,
            "failed: no reason is recorded",
            NEW,
        ),
        (
            stands(journal=DRAFTED, last=last(Outcome.FAILED, "no model")),
            State.FAILED,
            "failed after draft: no model",
            RESUME,
        ),
        (
            stands(
                journal=JournalSnapshot(("load", "draft"), "refused", "present"),
                last=last(Outcome.FAILED, "no model"),
            ),
            State.FAILED,
            "failed after draft: refused",
            RESUME,
        ),
        (
            stands(journal=JournalSnapshot((), "refused", "present")),
            State.FAILED,
            "failed: refused",
            NEW,
        ),
    ],
)
def test_a_standing(found: Standing, state: State, words: str, forecast: str) -> None:
    assert found.state is state
    assert found.describe() == words
    assert found.forecast() == forecast
    assert found.is_due() == (forecast in (NEW, RESUME))


@pytest.mark.parametrize("journal", [None, DRAFTED])
@pytest.mark.parametrize("failed_in", ["", "run before"])
def test_it_has_failed_until_it_is_finished(
    journal: JournalSnapshot | None, failed_in: str
) -> None:
    cut_off = LastOutcome(Outcome.INTERRUPTED, "", "", "run", failed_in)
    assert stands(journal=journal, last=cut_off).has_failed is bool(failed_in)
    assert not stands(Entry(Outcome.APPROVED), last=cut_off).has_failed
    assert stands(last=last(Outcome.FAILED)).has_failed
    assert stands(journal=JournalSnapshot((), "refused")).has_failed


@pytest.mark.parametrize("outcome", [Outcome.APPROVED, Outcome.NEEDS_REVISION])
def test_again_redoes_what_is_finished(outcome: Outcome) -> None:
    found = stands(Entry(outcome))
    assert found.is_finished
    assert not found.is_due()
    assert found.is_due(again=True)
    assert found.forecast(again=True) == NEW


def test_items_keep_their_order_and_unknown_input_is_changed_input() -> None:
    items = [Item(Kind.LLD, number, "", Path("/x")) for number in ("9", "10", "1")]
    index: Mapping[str, Entry] = {"LLD-10": Entry(Outcome.APPROVED)}
    found = standings(items, input_hashes={}, index=index, journals={}, last={})
    assert [standing.item.id for standing in found] == ["9", "10", "1"]
    assert found[1].state is State.CHANGED


def test_an_item_that_a_child_works_on_is_running() -> None:
    item = Item(Kind.LLD, "42", "Title", Path("issues/042.md"))
    [standing] = standings(
        [item],
        input_hashes={"LLD-42": "hash"},
        index={},
        journals={"LLD-42": JournalSnapshot(steps=("load",), input_hash="hash")},
        last={},
        running={"LLD-42"},
    )
    assert standing.state is State.RUNNING
    assert standing.describe() == "running, after load"
    assert standing.forecast() == "it is running already"
    assert Standing(item, State.RUNNING).describe() == "running"
