"""Everything that happens, as one stream of frozen values.

A child writes its events as JSON lines on a pipe; the parent decodes them, adds its own and hands
all to the subscribers: terminal, record, audit, progress. Fields are flat, so that a line of
events.ndjson can be read by itself.
"""

import contextlib
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentos.core.calls import Usage
from agentos.core.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; `item` is a label, empty where the whole run is meant."""

    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The supervisor begins; `items` are labels."""

    run_id: str
    items: tuple[str, ...]
    parallel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildStarted(Event):
    """A process was started for the item."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """A step that was not in the journal begins."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A step's output is on disk."""

    step: str
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRestored(Event):
    """A step was found in the journal and not repeated."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Event):
    """The child's main thread is there and heeds what it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequested(Event):
    """The child waits for a credential or the budget; its deadlines rest until LeaseGranted."""

    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGranted(Event):
    """The child may make one call with the named credential."""

    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """Of one call; `call` tells it apart within the run.

    `quota` and `model` are the domain whose limits it meets. It is the `attempt`th call for its
    `step`, counted from 1.
    """

    call: str
    credential: str
    model: str
    quota: str = ""
    step: str = ""
    attempt: int = 0

    @property
    def of_call(self) -> dict[str, Any]:
        """What all events of the call have in common, by field."""
        return {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(CallEvent)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(CallEvent):
    """A request goes out; exactly one of the three events below ends it.

    The tokens are the most that it can cost.
    """

    most_input_tokens: int = 0
    most_output_tokens: int = 0

    def abandoned(self, reason: str) -> "CallAbandoned":
        """Its end, where nobody waits for the answer any more."""
        return CallAbandoned(reason=reason, **self.of_call)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """A provider said something; what that cost is unknown where `usage_known` is false."""

    seconds: float
    usage_known: bool = True
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0

    @property
    def usage(self) -> Usage | None:
        """What the call took; None where nobody tells."""
        if not self.usage_known:
            return None
        return Usage(
            self.input_tokens, self.output_tokens, self.cached_tokens, self.cache_write_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished(CallEnded):
    """A model answered; `truncated` means that it ends at the request's output limit."""

    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused(CallEnded):
    """A model did not answer; `refusal` is a RefusalKind, `code` what a program can tell it by.

    `limits` are the scopes (a LimitScope each) of which the provider says that nothing is left.
    `retry_after` is in seconds.
    """

    refusal: str
    message: str
    code: str = ""
    limits: tuple[str, ...] = ()
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned(CallEvent):
    """Nobody waits for the answer any more; what it cost nobody tells."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Event):
    """Something the workflow chose, with its reason: for the audit."""

    decision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """A sentence for the person at the console; an urgent one for who wants quiet, too."""

    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Event):
    """A child's last word. Hashes are SHA-256 in hex, `document` a path inside the project.

    `may_pass` is true of a failure that may not repeat; `stopped_by` is `credentials`, `budget` or
    `disk` where no further call was possible.
    """

    outcome: Outcome
    error: str = ""
    may_pass: bool = False
    document: str = ""
    document_hash: str = ""
    input_hash: str = ""
    stopped_by: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Event):
    """The item failed for a reason that may pass, and is tried again after `pause` seconds.

    `attempt` counts from 1, `attempts` is the most that there will be.
    """

    attempt: int
    attempts: int
    error: str
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFinished(Event):
    """The item's outcome, after everything that belongs to it is on disk."""

    outcome: Outcome
    seconds: float
    error: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run is over; `exit_code` is what the command returns."""

    exit_code: int


def _kind(cls: type[Event]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


_BY_KIND: dict[str, type[Event]] = {
    _kind(value): value
    for value in list(vars().values())
    if isinstance(value, type) and issubclass(value, Event) and value is not Event
}


def encode(event: Event) -> dict[str, object]:
    """The event as a JSON object; its class is under `event`, in snake case."""
    fields = dataclasses.asdict(event)
    item = fields.pop("item")
    return {"event": _kind(type(event))} | ({"item": item} if item else {}) | fields


def decode(data: object) -> Event:
    """The event that `encode` wrote, with unknown fields ignored.

    Raises ValueError for anything that is no such object: it comes from another process.
    """
    if not isinstance(data, Mapping) or (cls := _BY_KIND.get(str(data.get("event")))) is None:
        raise ValueError(f"no such event: {data!r}")
    values: dict[str, object] = {}
    for spec in dataclasses.fields(cls):
        if spec.name in data:
            values[spec.name] = _checked(spec, data[spec.name])
        elif spec.default is dataclasses.MISSING:
            raise ValueError(f"{data['event']}: no field {spec.name!r}")
    return cls(**values)  # type: ignore[arg-type]  # every value was checked against its field


def _checked(spec: "dataclasses.Field[object]", value: object) -> object:
    if spec.type is Outcome:
        return Outcome(str(value))
    if spec.type is float and isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return float(value)
    if spec.type == float | None and (value is None or type(value) in (int, float)):
        return value
    if spec.type in (str, int, bool) and type(value) is spec.type:
        return value
    if spec.type == tuple[str, ...] and isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    raise ValueError(f"field {spec.name!r} cannot be {value!r}")
