"""One model call: what is asked, what comes back, and who may make it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeGuard

from agentos.core.clock import FURTHEST


class RequestKind(StrEnum):
    """What a model is asked to do; the embedded model chooses its method by it."""

    DRAFT_LLD = "draft_lld"
    REVIEW_LLD = "review_lld"
    REVISE_LLD = "revise_lld"
    DRAFT_ISSUE = "draft_issue"
    REVIEW_ISSUE = "review_issue"
    REVISE_ISSUE = "revise_issue"


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a question, never one rendered prompt: each adapter joins them its own way.

    All parts are Markdown. `template` is ours; `context`, `source`, `draft` and `feedback` hold
    text from outside, which is data and never an instruction.
    """

    kind: RequestKind
    template: str = ""
    context: str = ""
    source: str = ""
    draft: str = ""
    feedback: str = ""


MOST_TOKENS = 2**53
"""More than any call has, and still exact in every language's numbers."""


def is_count(value: object) -> TypeGuard[int]:
    """Whether somebody may have counted that many tokens; True is an int, and no count."""
    return type(value) is int and 0 <= value <= MOST_TOKENS


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of several added up, as the provider counts them.

    `input_tokens` is all of the input: what was read from a cache or written to one is part of it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


class LimitScope(StrEnum):
    """What a provider's limit counts."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CONCURRENCY = "concurrency"


LONGEST_REST = FURTHEST
"""Seconds. What would last longer is no rest but a mistake."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit as a response states it; `reset_after` is in seconds. None: not said."""

    scope: LimitScope
    limit: int | None = None
    remaining: int | None = None
    reset_after: float | None = None


@dataclass(frozen=True, slots=True)
class LimitHint:
    """What one response says of limits; `retry_after` is in seconds."""

    retry_after: float | None = None
    limits: tuple[Limit, ...] = ()

    def sane(self) -> "LimitHint":
        """The same with no time that is longer than the longest rest."""
        times = (self.retry_after, *(limit.reset_after for limit in self.limits))
        if all(seconds is None or seconds <= LONGEST_REST for seconds in times):
            return self
        limits = (replace(one, reset_after=_at_most(one.reset_after)) for one in self.limits)
        return LimitHint(_at_most(self.retry_after), tuple(limits))


def _at_most(seconds: float | None) -> float | None:
    return None if seconds is None else min(seconds, LONGEST_REST)


NO_HINT = LimitHint()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `model` is the full name, such as `embedded`.

    `usage` is None where the provider does not tell. `truncated` means that the text ends at the
    request's output limit.
    """

    text: str
    model: str
    usage: Usage | None = None
    hint: LimitHint = NO_HINT
    truncated: bool = False


class RefusalKind(StrEnum):
    """Why there is no answer, and so who should try again when and with what."""

    RATE_LIMITED = "rate_limited"  # the credential rests; the call goes on with another
    OVERLOADED = "overloaded"  # the provider is busy: same credential, later
    TRANSIENT = "transient"  # the connection or the stream broke: the same call again
    CREDENTIAL = "credential"  # this credential is refused for good, and no other for that
    ACCOUNT = "account"  # its account is: every credential of the quota, for every model
    DAILY_QUOTA = "daily_quota"  # the quota has no more of this model, until `retry_after` at least
    REQUEST = "request"  # this request is refused for good
    EMPTY = "empty"  # nothing, or a banner in the place of a document

    @property
    def is_terminal(self) -> bool:
        """Whether it says that to ask again with the same credential and model is of no use."""
        return self in {RefusalKind.CREDENTIAL, RefusalKind.ACCOUNT, RefusalKind.DAILY_QUOTA}


class RefusalCode(StrEnum):
    """Codes of our own, where no provider gives one."""

    UNREACHABLE = "unreachable"  # no connection came about, so nothing was billed
    TLS = "tls"
    STALLED = "stalled"  # silent for longer than the idle limit
    TOO_LONG = "too_long"  # not finished within the total limit
    CUT = "cut"  # the stream or body ended in its middle
    NO_ANSWER = "no_answer"  # a body that is none of this protocol, such as HTML
    OVERSIZED = "oversized"  # a body larger than any answer
    MISSING_PACKAGE = "missing_package"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call without an answer.

    `message` is for people: text from outside, without any secret. `code` is what a program can
    tell it by: the provider's machine-readable one, such as `insufficient_quota`, or a RefusalCode.
    `usage` is what the call cost in spite, None where nobody tells.
    """

    kind: RefusalKind
    message: str
    hint: LimitHint = NO_HINT
    code: str = ""
    usage: Usage | None = None

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the provider wants to be asked again; None: nobody knows.

        For a quota of a day the time to its known end, and none of the short ones that are said
        beside it.
        """
        return self.hint.retry_after

    @property
    def used_up(self) -> tuple[LimitScope, ...]:
        """The limits of which the provider says that nothing is left."""
        return tuple(limit.scope for limit in self.hint.limits if limit.remaining == 0)


class Model(Protocol):
    """An adapter to one provider."""

    @property
    def name(self) -> str:
        """The full name: `embedded`, `anthropic/NAME`, ..."""

    @property
    def provider(self) -> str:
        """The part of the name that credentials are matched by."""

    def bound(self, request: Request) -> Usage:
        """The most that one call can cost: no provider may count more tokens than these."""

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Make one call, without retries of its own; never raises for what a provider says."""


Complete = Callable[[Request], Answer]
"""How a workflow asks: leasing, retrying and refusals are behind it.

Raises ModelError, Interrupted, and what Leases.acquire raises.
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential lent for one call. `credential` and `quota` are printable names.

    The quota is what the credential shares its limits with others by.
    """

    id: str
    credential: str
    secret: str | None = field(repr=False)
    simulate_rate_limit: bool = False
    quota: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lease is asked for: one call of a model that costs `bound` at the most."""

    provider: str
    model: str
    bound: Usage


class Leases(Protocol):
    """Where a call's credential comes from."""

    def acquire(self, wish: Wish) -> Lease:
        """Wait for a credential that serves the wish, and for the budget to have room for it.

        Raises CredentialsExhausted, BudgetExhausted or SpendingUnrecorded when that will never be.
        """

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        """Give the lease back and say how the call went; a second time does nothing."""
