"""What a loopback server was asked, and how each call ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agentos.core.calls import Usage


class Wire(StrEnum):
    """A streaming wire format, by the vendor whose SDK speaks it."""

    ANTHROPIC = "anthropic"  # Messages
    OPENAI = "openai"  # chat completions
    GEMINI = "gemini"  # streamGenerateContent


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived.

    `secret` is what stood in whichever header the format authenticates by, empty if nothing did.
    `prompt` is all text of system and turns. `number` counts from 1 in order of arrival. `headers`
    have lower-case names and hold no secret.
    """

    wire: Wire
    model: str
    secret: str = field(repr=False)
    prompt: str
    max_output_tokens: int | None
    number: int
    headers: Mapping[str, str]


class End(StrEnum):
    """How a call ended, as the server saw it."""

    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"  # all of a 2xx was sent
    REFUSED = "refused"  # an error status, a redirect, or an error event inside a 200
    STALLED = "stalled"  # a scripted silence, whoever ended it
    CUT = "cut"  # the server dropped the connection
    ABANDONED = "abandoned"  # the client left before the reply was over


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call. `billed` is what a provider would charge for: nothing where no stream began."""

    asked: Asked
    end: End = End.IN_PROGRESS
    billed: Usage = field(default_factory=Usage)
