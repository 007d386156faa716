"""Rests of quotas as they are noted on disk, and what makes one note of several. Pure."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from agentos.core.calls import LONGEST_REST
from agentos.core.credentials import Credential, Rest
from agentos.core.quoted_secrets import mask_quoted
from agentos.records.key_marks import Marks

MOST_NOTES = 300
"""The longest are kept."""

_LONGEST_TEXT = 300  # characters of a name or a reason
_SKEW = 60.0  # seconds by which two processes may differ in what time it is


@dataclass(frozen=True, slots=True)
class Note:
    """A rest as it is on disk: for how many seconds from when, by the clock of then.

    `keys` are the marks of the keys by which it was met, in order; empty for a login without one.
    """

    provider: str
    quota: str
    model: str
    reason: str
    written: datetime
    seconds: float
    keys: tuple[str, ...] = ()

    @property
    def domain(self) -> tuple[str, str, str]:
        """What rests, by its names."""
        return self.provider, self.quota, self.model

    def is_about(self, quotas: Mapping[str, Marks]) -> bool:
        """Whether its quota has one of the keys by which it was met, or still none."""
        marks = quotas.get(self.quota)
        return marks is not None and (not marks.isdisjoint(self.keys) or not (marks or self.keys))

    def of_keys(self, quotas: Mapping[str, Marks]) -> "Note":
        """The same, met by the keys that its quota has."""
        return replace(self, keys=tuple(sorted(quotas.get(self.quota, ()))))

    def end(self, now: datetime) -> datetime:
        """When it is over; now for what cannot be, since the clock was set back.

        Nobody knows then how much of it is left, and no rest may get longer by that.
        """
        if (self.written - now).total_seconds() > _SKEW:
            return now
        return min(self.written, now.astimezone(UTC)) + timedelta(seconds=self.seconds)

    def rest(self, now: datetime) -> Rest:
        """What it tells."""
        return Rest(self.provider, self.quota, self.model, self.end(now), self.reason)


def notes_of(rests: Iterable[Rest], credentials: Iterable[Credential], now: datetime) -> list[Note]:
    """What is to be noted, of which keys is said later; what can be no rest is left out.

    A reason may be a sentence of anybody's, and goes into a file: it is cut, and quotes no key.
    """
    secrets = [one.secret for one in credentials if one.secret]
    notes = [_note(rest, secrets, now) for rest in rests]
    return [note for note in notes if is_sane(note)]


def is_sane(note: Note) -> bool:
    """Whether it can have been written by `notes_of`."""
    texts = (*note.domain, note.reason, *note.keys)
    return 0 < note.seconds <= LONGEST_REST and all(len(text) <= _LONGEST_TEXT for text in texts)


def merged(notes: Iterable[Note], now: datetime) -> list[Note]:
    """Those that have not ended, one for each domain and its keys, not too many."""
    latest: dict[tuple[object, ...], Note] = {}
    for note in notes:
        identity = (*note.domain, note.keys)
        known = latest.get(identity)
        if note.end(now) > max(now, known.end(now) if known else now):
            latest[identity] = note
    longest = sorted(latest.values(), key=lambda note: note.end(now), reverse=True)
    return sorted(longest[:MOST_NOTES], key=lambda note: (note.domain, note.keys))


def note_fields(note: Note) -> dict[str, object]:
    """A note, as JSON takes it."""
    return asdict(note) | {"written": note.written.isoformat()}


def note_from(data: object) -> Note:
    """What `note_fields` gave; raises ValueError for anything else."""
    match data:
        case {
            "provider": str(provider),
            "quota": str(quota),
            "model": str(model),
            "reason": str(reason),
            "written": str(written),
            "seconds": float(seconds),
            "keys": [*keys],
        } if all(isinstance(key, str) for key in keys):
            with suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(written)
                if moment.tzinfo is not None:
                    utc = moment.astimezone(UTC)
                    return Note(provider, quota, model, reason, utc, seconds, tuple(keys))
    raise ValueError("there is no such note")


def _note(rest: Rest, secrets: Iterable[str], now: datetime) -> Note:
    seconds = (rest.until - now).total_seconds()
    reason = rest.reason
    for secret in secrets:
        reason = mask_quoted(reason, secret)
    reason = reason[:_LONGEST_TEXT]
    return Note(rest.provider, rest.quota, rest.model, reason, now.astimezone(UTC), seconds)
