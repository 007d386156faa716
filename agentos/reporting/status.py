"""Where every item stands, and so what a run would do with it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from agentos.core.items import Item
from agentos.core.outcomes import Outcome
from agentos.records.history import LastOutcome


class State(StrEnum):
    """Where an item stands."""

    PENDING = "pending"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    APPROVED = "approved"
    NEEDS_REVISION = "needs_revision"
    FAILED = "failed"
    CHANGED = "changed"  # finished, but its input is another since


class IndexEntry(Protocol):
    """What the index records of a finished item."""

    @property
    def outcome(self) -> Outcome:
        """How it finished."""

    @property
    def input_hash(self) -> str:
        """SHA-256 of the input that it was made from."""


@dataclass(frozen=True, slots=True)
class JournalSnapshot:
    """What an unfinished item's journal says.

    `steps` are those done, in their order; `error` is why the last attempt failed, empty when it
    did not; `input_hash` is that of the input that the steps were made from, empty if unknown.
    """

    steps: tuple[str, ...] = ()
    error: str = ""
    input_hash: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One item's state.

    `last_step` is the step that a run would resume after, empty where it would begin anew.
    `reason` says why it failed: text from outside, to be escaped before it reaches a screen.
    `has_failed` stays when it was interrupted afterwards, until it is finished.
    """

    item: Item
    state: State
    last_step: str = ""
    reason: str = ""
    has_failed: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether a document of the present input is there."""
        return self.state in (State.APPROVED, State.NEEDS_REVISION)

    def is_due(self, *, again: bool = False) -> bool:
        """Whether a run would work on it; `again` redoes what is finished."""
        return again or not self.is_finished

    def describe(self) -> str:
        """Where it stands, in words."""
        match self.state:
            case State.INTERRUPTED:
                return f"interrupted after {self.last_step}"
            case State.RUNNING:
                return f"running, after {self.last_step}" if self.last_step else "running"
            case State.FAILED:
                after = f" after {self.last_step}" if self.last_step else ""
                return f"failed{after}: {self.reason or 'no reason is recorded'}"
            case State.CHANGED:
                return "changed since it was finished"
            case _:
                return self.state.replace("_", " ")

    def forecast(self, *, again: bool = False) -> str:
        """What a run would do with it, in words."""
        if self.state is State.RUNNING:
            return "it is running already"
        if not self.is_due(again=again):
            return f"skipped because it is finished ({self.describe()}) and its input is unchanged"
        return f"resume after step {self.last_step}" if self.last_step else "new"


def standings(
    items: Iterable[Item],
    *,
    input_hashes: Mapping[str, str],
    index: Mapping[str, IndexEntry],
    journals: Mapping[str, JournalSnapshot],
    last: Mapping[str, LastOutcome],
    running: Collection[str] = (),
) -> tuple[Standing, ...]:
    """One for each item, in their order; every mapping is by label, `running` are labels.

    `input_hashes` are those of the present inputs. Steps done for the present input come first,
    also where the index has the item: then it is being redone, or its end was cut off, and
    resuming is harmless. Then the index speaks, then the last run.
    """
    return tuple(
        _standing(
            item,
            input_hashes.get(item.label, ""),
            index.get(item.label),
            journals.get(item.label),
            last.get(item.label),
            is_running=item.label in running,
        )
        for item in items
    )


def _standing(
    item: Item,
    input_hash: str,
    entry: IndexEntry | None,
    journal: JournalSnapshot | None,
    last: LastOutcome | None,
    *,
    is_running: bool,
) -> Standing:
    last_step = _last_step(journal, input_hash)
    if is_running:
        return Standing(item, State.RUNNING, last_step)
    if entry and entry.outcome.is_finished and not last_step:
        state = State(entry.outcome) if entry.input_hash == input_hash else State.CHANGED
        return Standing(item, state)
    if journal and journal.error:
        return Standing(item, State.FAILED, last_step, journal.error, has_failed=True)
    if last and last.outcome is Outcome.FAILED:
        return Standing(item, State.FAILED, last_step, last.error, has_failed=True)
    state = State.INTERRUPTED if last_step else State.PENDING
    return Standing(item, state, last_step, has_failed=bool(last and last.failed_in))


def _last_step(journal: JournalSnapshot | None, input_hash: str) -> str:
    """The step to resume after; steps of another input are not gone on with."""
    if journal is None or not journal.steps or journal.input_hash not in ("", input_hash):
        return ""
    return journal.steps[-1]
