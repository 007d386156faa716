"""Everything that agentos raises on purpose.

    AgentosError            70  an error of our own
    ├── UsageError           2  what the user typed, or the state of the project, cannot be used
    │   ├── ConfigError      2  a setting or a credential entry is wrong
    │   ├── TrustError       2  a project's own config asks for what it is not trusted with
    │   ├── BacklogError     2  a backlog that cannot be read as one
    │   ├── UnsafePathError  2  a path that is a symlink or leads outside the project
    │   └── LockedError      2  somebody else works on this project or item
    ├── ItemError            1  one item cannot be finished; the others go on
    │   ├── JournalError     1  the item's checkpoint file cannot be used
    │   └── ModelError       1  the model refused the request for good
    │       └── ModelUnavailable  it kept failing for a reason that passes
    ├── CredentialsExhausted 4  no credential is left that could serve a call
    ├── BudgetExhausted      4  the budget has no room for a call
    ├── SpendingUnrecorded   1  what calls cost cannot be written down
    ├── EngineError          1  a child process could not be started
    │   └── EngineBusy       1  the machine has no room for one right now
    └── Interrupted        130  told to stop; what was done is checkpointed

Each carries the exit code that it stands for, a sentence, and a hint that says what to do.
"""

from pathlib import Path
from typing import ClassVar, Self


class Hint(str):
    """A hint that ends with what to type; `remark` is what it says before that."""

    __slots__ = ("remark",)
    remark: str

    def __new__(cls, remark: str, typed: str) -> Self:
        """`typed` begins with what joins it to the remark."""
        hint = super().__new__(cls, remark + typed)
        hint.remark = remark
        return hint


class AgentosError(Exception):
    """Base of the tree: `str(error)` is one sentence for people, `hint` what to do about it."""

    exit_code: ClassVar[int] = 70
    may_pass: ClassVar[bool] = False
    """Whether the same may succeed if it is tried again somewhat later."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.hint = hint


class UsageError(AgentosError):
    """What was asked for cannot be done as asked; no run was begun."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting, an environment variable or a credential entry is wrong."""


class TrustError(UsageError):
    """A project's own config sets what counts only after `agentos config trust`."""


class BacklogError(UsageError):
    """The backlog is missing or contradicts itself."""


class UnsafePathError(UsageError):
    """A path that agentos would write to is a symlink or leads outside the project.

    `link` is the symlink, if one is the reason.
    """

    def __init__(self, sentence: str, hint: str = "", *, link: Path | None = None) -> None:
        super().__init__(sentence, hint)
        self.link = link


class LockedError(UsageError):
    """Another process holds the project or the item."""


class ItemError(AgentosError):
    """One item cannot be finished; others are not concerned."""

    exit_code = 1


class JournalError(ItemError):
    """An item's checkpoint file cannot be opened or written."""


class ModelError(ItemError):
    """The model refused the request for good, or kept failing."""


class ModelUnavailable(ModelError):  # noqa: N818 - a state of the provider, not a fault
    """The model kept failing for a reason that passes: not reached, overloaded, cut off."""

    may_pass = True


class CredentialsExhausted(AgentosError):  # noqa: N818 - a state of the pool, not a fault
    """No credential is left that could serve the call."""

    exit_code = 4


class BudgetExhausted(AgentosError):  # noqa: N818 - a limit that the user set, not a fault
    """The budget has no room for the worst case of the next call."""

    exit_code = 4


class SpendingUnrecorded(AgentosError):  # noqa: N818 - a state of the disk, named as the two above
    """What the next call may cost cannot be written down, so it must not be made."""

    exit_code = 1


class EngineError(AgentosError):
    """A child process could not be started."""

    exit_code = 1


class EngineBusy(EngineError):  # noqa: N818 - a state of the machine, not a fault
    """The machine has no room for a child right now."""

    may_pass = True


class Interrupted(AgentosError):  # noqa: N818 - a wish of the user's, not a fault
    """Work stopped on request after its last finished step."""

    exit_code = 130
