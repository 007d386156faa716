"""One model call: what is asked, what comes back, and who may make it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


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


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of several added up; zero where the provider does not say."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said. `model` is the full name, such as `embedded`."""

    text: str
    model: str
    usage: Usage = Usage()


class RefusalKind(StrEnum):
    """Why there is no answer, and so who should try again when and with what."""

    RATE_LIMITED = "rate_limited"  # the credential rests; the call goes on with another
    OVERLOADED = "overloaded"  # the provider is busy: same credential, later
    TRANSIENT = "transient"  # the connection broke: the same call again
    CREDENTIAL = "credential"  # this credential is refused for good
    REQUEST = "request"  # this request is refused for good


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call without an answer. `retry_after` is in seconds, None where the provider is silent."""

    kind: RefusalKind
    message: str
    retry_after: float | None = None


class Model(Protocol):
    """An adapter to one provider."""

    @property
    def name(self) -> str:
        """The full name: `embedded`, `anthropic/NAME`, ..."""

    @property
    def provider(self) -> str:
        """The part of the name that credentials are matched by."""

    def complete(self, request: Request, secret: str | None) -> Answer | Refusal:
        """Make one call, without retries of its own; never raises for what a provider says."""


Complete = Callable[[Request], Answer]
"""How a workflow asks: leasing, retrying and refusals are behind it.

Raises ModelError, CredentialsExhausted or Interrupted.
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential lent for one call. `credential` is its printable name."""

    id: str
    credential: str
    secret: str | None = field(repr=False)
    simulate_rate_limit: bool = False


class Leases(Protocol):
    """Where a call's credential comes from."""

    def acquire(self, provider: str) -> Lease:
        """Wait for a credential that serves `provider`.

        Raises CredentialsExhausted when none ever will.
        """

    def settle(self, lease: Lease, result: Answer | Refusal) -> None:
        """Give the lease back and say how the call went; a second time does nothing."""
