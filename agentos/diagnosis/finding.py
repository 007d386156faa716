"""What one look found, and what to type about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agentos.core.errors import AgentosError, Hint


class Level(StrEnum):
    """How much it matters: a fault is what a run would fail over."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `sentence` says what is the case with the `subject`.

    `hint` is what else is to be known, `command` a line for a shell that mends it; both are empty
    where nothing is to be done. None of it is escaped for a screen yet.
    """

    level: Level
    subject: str
    sentence: str
    hint: str = ""
    command: str = ""


def ok(subject: str, sentence: str) -> Finding:
    """All is as it should be."""
    return Finding(Level.OK, subject, sentence)


def warning(subject: str, sentence: str, *, hint: str = "", command: str = "") -> Finding:
    """A run would go, but not as its user may expect."""
    return Finding(Level.WARNING, subject, sentence, hint, command)


def fault(subject: str, sentence: str, *, hint: str = "", command: str = "") -> Finding:
    """A run, or some item of it, would fail."""
    return Finding(Level.FAULT, subject, sentence, hint, command)


def fault_of(subject: str, error: AgentosError, command: str = "") -> Finding:
    """What the product itself says of it, and the command that mends it here.

    What its hint says to type need not be said twice.
    """
    hint = error.hint
    if command and isinstance(hint, Hint):
        hint = hint.remark
    return fault(subject, str(error), hint=hint, command=command)


def summary(findings: Iterable[Finding]) -> str:
    """How many there are of what matters: `2 faults, 1 warning`."""
    levels = [finding.level for finding in findings]
    counts = [(level, levels.count(level)) for level in (Level.FAULT, Level.WARNING)]
    told = [f"{count} {level}{'s' if count > 1 else ''}" for level, count in counts if count]
    return ", ".join(told) or "no fault, no warning"
