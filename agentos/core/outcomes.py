"""How an item ended."""

from enum import StrEnum


class Outcome(StrEnum):
    """The end of one item; never reduced to a bool inside the program."""

    APPROVED = "approved"
    NEEDS_REVISION = "needs_revision"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"

    @property
    def is_success(self) -> bool:
        """Whether the item is done as far as agentos can take it."""
        return self in (Outcome.APPROVED, Outcome.NEEDS_REVISION, Outcome.SKIPPED)

    @property
    def is_finished(self) -> bool:
        """Whether the item ended in its own right and leaves a document behind."""
        return self in (Outcome.APPROVED, Outcome.NEEDS_REVISION)
