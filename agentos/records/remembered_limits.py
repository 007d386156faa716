"""Rests of quotas that outlive the run that met them, for the next one and for other projects.

One small JSON file of the user's. It is a convenience: whatever is wrong with it costs a call that
meets the limit anew, and never a run. It holds names and sentences of ours, and nothing of a key.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock

from agentos.core.credentials import Rest
from agentos.core.files import read_regular, replace_file
from agentos.records.files import FILE_MODE, FOLDER_MODE

FILE = "limits.json"
"""Below the user's state folder."""

MOST_RESTS = 300
"""The longest are kept."""

LONGEST_REST = 366 * 24 * 3600.0
"""Seconds; what would last longer is no rest but a mistake."""

_VERSION = 1
_DAMAGED = "it is damaged"
_LONGEST_TEXT = 300  # characters of a name or a reason
_MOST_BYTES = 4 * 1024 * 1024  # more than the most rests of the longest texts can take
_LOCK_TIMEOUT = 2.0  # seconds
_SKEW = 60.0  # seconds by which two processes may differ in what time it is


@dataclass(frozen=True, slots=True)
class Recalled:
    """What earlier runs left, and a sentence about what went wrong, empty if nothing did."""

    rests: tuple[Rest, ...] = ()
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Note:
    """A rest as it is on disk: for how many seconds from when, by the clock of then."""

    provider: str
    quota: str
    model: str
    reason: str
    written: datetime
    seconds: float

    @property
    def domain(self) -> tuple[str, str, str]:
        return self.provider, self.quota, self.model

    def end(self, now: datetime) -> datetime:
        """When it is over; now for what cannot be, since the clock was set back.

        Nobody knows then how much of it is left, and no rest may get longer by that.
        """
        if (self.written - now).total_seconds() > _SKEW:
            return now
        return min(self.written, now.astimezone(UTC)) + timedelta(seconds=self.seconds)

    def rest(self, now: datetime) -> Rest:
        return Rest(self.provider, self.quota, self.model, self.end(now), self.reason)


class RememberedLimits:
    """The file in a folder, the user's state folder; any number of processes may use it at once.

    Nothing is raised for what a disk does; a warning is a sentence without its full stop.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._has_warned = False

    def load(self, now: datetime) -> Recalled:
        """The rests that have not ended; nothing is made or changed."""
        try:
            notes = self._read()
        except OSError as error:
            return Recalled(warning=self._ignored(error.strerror or str(error)))
        except ValueError as error:
            return Recalled(warning=self._ignored(str(error)))
        return Recalled(tuple(note.rest(now) for note in notes if note.end(now) > now))

    def remember(self, rests: Iterable[Rest], now: datetime) -> str:
        """Add rests to what others have written; of two for one domain the later end counts.

        Waits up to two seconds for others. Returns a warning the first time that it fails, else an
        empty string.
        """
        notes = [_note(rest, now) for rest in rests]
        notes = [note for note in notes if _is_sane(note)]
        if not notes:
            return ""
        why = self._change(lambda old: _merged([*old, *notes], now))
        return self._lost(why) if why else ""

    def forget(self, provider: str, quota: str, model: str, now: datetime) -> Recalled:
        """Take out the rest of a domain that is over after all; gives what was taken out.

        Nothing is made where there is none. Waits up to two seconds for others.
        """
        domain = provider, quota, model
        found = self.load(now).rests
        gone = tuple(r for r in found if (r.provider, r.quota, r.model) == domain)
        if not gone:
            return Recalled()
        why = self._change(lambda old: [note for note in old if note.domain != domain])
        if why:
            return Recalled(warning=f"a limit that is over cannot be forgotten: {self.path}: {why}")
        return Recalled(gone)

    def _change(self, edit: Callable[[list[_Note]], list[_Note]]) -> str:
        """Write what `edit` makes of what is there; returns why not, or an empty string."""
        lock = filelock.FileLock(
            self.path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT, mode=FILE_MODE
        )
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with lock:
                self._write_changed(edit)
        except filelock.Timeout:
            return "another process holds its lock"
        except (OSError, NotImplementedError) as error:  # the latter where nothing can be locked
            return getattr(error, "strerror", None) or str(error)
        return ""

    def _write_changed(self, edit: Callable[[list[_Note]], list[_Note]]) -> None:
        try:
            old = self._read()
        except (OSError, ValueError):  # whatever it is, it is nothing to keep
            old = []
        new = edit(old)
        if new == old:
            return
        data = {"version": _VERSION, "rests": [_fields(note) for note in new]}
        content = json.dumps(data, indent=1) + "\n"
        replace_file(self.path, content.encode("ascii"), mode=FILE_MODE, durable=False)

    def _read(self) -> list[_Note]:
        """What is there. Raises OSError, and ValueError with a sentence."""
        if self.path.is_symlink():
            raise ValueError("it is a symlink")
        try:
            content = read_regular(self.path, most=_MOST_BYTES)
        except FileNotFoundError:
            return []
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            raise ValueError(_DAMAGED) from None
        match data:
            case {"version": version, "rests": [*rests]} if version == _VERSION:
                return [note for note in map(_note_from, rests) if _is_sane(note)]
            case {"version": int()}:
                raise ValueError("another version of agentos wrote it")
        raise ValueError(_DAMAGED)

    def _ignored(self, why: str) -> str:
        return f"what earlier runs met of limits is not known: {self.path}: {why}"

    def _lost(self, why: str) -> str:
        has_warned, self._has_warned = self._has_warned, True
        if has_warned:
            return ""
        return f"limits cannot be remembered for the next run: {self.path}: {why}"


def _note(rest: Rest, now: datetime) -> _Note:
    seconds = (rest.until - now).total_seconds()
    reason = rest.reason[:_LONGEST_TEXT]
    return _Note(rest.provider, rest.quota, rest.model, reason, now.astimezone(UTC), seconds)


def _is_sane(note: _Note) -> bool:
    return 0 < note.seconds <= LONGEST_REST and all(
        len(text) <= _LONGEST_TEXT for text in (*note.domain, note.reason)
    )


def _merged(notes: Iterable[_Note], now: datetime) -> list[_Note]:
    """Those that have not ended, one for each domain, not too many."""
    latest: dict[tuple[str, str, str], _Note] = {}
    for note in notes:
        known = latest.get(note.domain)
        if note.end(now) > max(now, known.end(now) if known else now):
            latest[note.domain] = note
    longest = sorted(latest.values(), key=lambda note: note.end(now), reverse=True)
    return sorted(longest[:MOST_RESTS], key=lambda note: note.domain)


def _fields(note: _Note) -> dict[str, object]:
    return asdict(note) | {"written": note.written.isoformat()}


def _note_from(data: object) -> _Note:
    """What `_fields` gave; raises ValueError for anything else."""
    match data:
        case {
            "provider": str(provider),
            "quota": str(quota),
            "model": str(model),
            "reason": str(reason),
            "written": str(written),
            "seconds": float(seconds),
        }:
            with suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(written)
                if moment.tzinfo is not None:
                    return _Note(provider, quota, model, reason, moment.astimezone(UTC), seconds)
    raise ValueError(_DAMAGED)
