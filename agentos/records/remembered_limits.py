"""Rests of quotas that outlive the run that met them, for the next one and for other projects.

One small JSON file of the user's. It is a convenience: whatever is wrong with it costs a call that
meets the limit anew, and never a run. A rest holds for the keys by which it was met, and not for
others that are called the same. The file holds names, what a provider said, and marks of keys, from
which nobody gets at a key.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filelock

from agentos.core.credentials import Credential, Rest
from agentos.core.files import read_regular, replace_file
from agentos.records.files import FILE_MODE, FOLDER_MODE
from agentos.records.key_marks import made_salt, marks_by_quota, read_salt
from agentos.records.limit_notes import Note, is_sane, merged, note_fields, note_from, notes_of

FILE, SALT_FILE = "limits.json", "limits.salt"
"""Below the user's state folder."""

_VERSION = 2
_WITHOUT_KEYS = 1
"""The version of which nothing is kept: it does not say whose keys had met a limit."""

_DAMAGED = "it is damaged"
_MOST_BYTES = 4 * 1024 * 1024  # more than the most notes of the longest texts can take
_LOCK_TIMEOUT = 2.0  # seconds


class _NewerError(ValueError):
    """The file is of a form that only a later version knows, for which it is to be kept."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What earlier runs left, and a sentence about what went wrong, empty if nothing did."""

    rests: tuple[Rest, ...] = ()
    warning: str = ""


class RememberedLimits:
    """The file in a folder, the user's state folder; any number of processes may use it at once.

    Nothing is raised for what a disk does; a warning is a sentence without its full stop.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._salt = folder / SALT_FILE
        self._lock = self.path.with_suffix(".lock")
        self._has_warned = False

    def load(self, credentials: Iterable[Credential], now: datetime) -> Recalled:
        """The rests of these credentials that have not ended; nothing is made or changed."""
        try:
            notes = self._read()
        except OSError as error:
            return Recalled(warning=self._ignored(error.strerror or str(error)))
        except ValueError as error:
            # That nothing is added to what is left as it is, need not be said in another warning.
            self._has_warned = isinstance(error, _NewerError)
            return Recalled(warning=self._ignored(str(error)))
        quotas = marks_by_quota(credentials, read_salt(self._salt))
        lasting = (note for note in notes if note.end(now) > now)
        return Recalled(tuple(note.rest(now) for note in lasting if note.is_about(quotas)))

    def remember(
        self, rests: Iterable[Rest], credentials: Iterable[Credential], now: datetime
    ) -> str:
        """Add rests that these credentials met to what others have written.

        Of two for one domain and the same keys the later end counts. Waits up to two seconds for
        others. Returns a warning the first time that it fails, else an empty string.
        """
        met_by = list(credentials)
        notes = notes_of(rests, met_by, now)
        if not notes:
            return ""

        def added(old: list[Note]) -> list[Note]:
            quotas = marks_by_quota(met_by, made_salt(self._salt))
            return merged([*old, *(note.of_keys(quotas) for note in notes)], now)

        why = self._change(added)
        return self._lost(why) if why else ""

    def forget(self, credential: Credential, model: str, now: datetime) -> Recalled:
        """Take out the rest of a credential's quota that is over after all; gives what it was.

        Nothing is made where there is none. Waits up to two seconds for others.
        """
        found = self.load([credential], now).rests
        gone = tuple(rest for rest in found if rest.model == model)
        if not gone:
            return Recalled()
        quotas = marks_by_quota([credential], read_salt(self._salt))

        def left(old: list[Note]) -> list[Note]:
            return [note for note in old if note.model != model or not note.is_about(quotas)]

        if why := self._change(left):
            return Recalled(warning=f"a limit that is over cannot be forgotten: {why}")
        return Recalled(gone)

    def _change(self, edit: Callable[[list[Note]], list[Note]]) -> str:
        """Write what `edit` makes of what is there; returns which file is why not, and its fault.

        Returns an empty string if it was done.
        """
        lock = filelock.FileLock(self._lock, timeout=_LOCK_TIMEOUT, mode=FILE_MODE)
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with lock:
                self._write_changed(edit)
        except filelock.Timeout:
            return f"{self.path}: another process holds its lock"
        except (_NewerError, NotImplementedError) as error:  # the latter: no locks there
            return f"{self.path}: {error}"
        except OSError as error:
            named = {error.filename, error.filename2}
            beside = (path for path in (self._salt, self._lock) if str(path) in named)
            return f"{next(beside, self.path)}: {error.strerror or error}"
        return ""

    def _write_changed(self, edit: Callable[[list[Note]], list[Note]]) -> None:
        try:
            old = self._read()
        except _NewerError:
            raise
        except (OSError, ValueError):  # whatever it is, it is nothing to keep
            old = []
        new = edit(old)
        if new == old:
            return
        data = {"version": _VERSION, "rests": [note_fields(note) for note in new]}
        content = json.dumps(data, indent=1) + "\n"
        replace_file(self.path, content.encode("ascii"), mode=FILE_MODE, durable=False)

    def _read(self) -> list[Note]:
        """What is there. Raises OSError, and ValueError with a sentence."""
        if self.path.is_symlink():
            raise ValueError("it is a symlink")
        try:
            content = read_regular(self.path, most=_MOST_BYTES)
        except FileNotFoundError:
            return []
        try:
            return _notes_in(json.loads(content))
        except _NewerError:
            raise
        except (ValueError, RecursionError):
            raise ValueError(_DAMAGED) from None

    def _ignored(self, why: str) -> str:
        return f"what earlier runs met of limits is not known: {self.path}: {why}"

    def _lost(self, why: str) -> str:
        has_warned, self._has_warned = self._has_warned, True
        if has_warned:
            return ""
        return f"limits cannot be remembered for the next run: {why}"


def _notes_in(data: object) -> list[Note]:
    match data:
        case {"version": int(version), "rests": [*rests]} if version == _VERSION:
            return [note for note in map(note_from, rests) if is_sane(note)]
        case {"version": int(version)} if version == _WITHOUT_KEYS:
            return []
        case {"version": int(version)} if version > _VERSION:
            raise _NewerError("a newer version of agentos wrote it, and it is left as it is")
    raise ValueError(_DAMAGED)
