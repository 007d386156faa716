"""A journal as files: locked, moved, copied and deleted as one.

While it is open there are two: the database and, with `-wal` behind its name, the log of what was
committed since. SQLite's exclusive lock stands for the journal as a whole; it ends with the process
that holds it, however that ends.
"""

import itertools
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from agentos.core.errors import JournalError, LockedError
from agentos.core.files import sync_folder
from agentos.core.paths import confined

SIDECARS = ("-wal", "-shm", "-journal")
_HEADER_BYTES = 100
_COPY_ATTEMPTS = 5
COPIES = "agentos-copy-"
"""How the names of the folders begin that journals are copied to; the process follows."""
_MOST_COPIED = 2**30

_SENTENCES = {
    sqlite3.SQLITE_FULL: ("The disk is full, {path} cannot be written", "free some space"),
    sqlite3.SQLITE_READONLY: ("{path} is read-only", "make it and its folder writable"),
    sqlite3.SQLITE_CANTOPEN: ("{path} cannot be opened", "make it and its folder writable"),
    sqlite3.SQLITE_PERM: ("{path} must not be opened", "make it and its folder writable"),
    sqlite3.SQLITE_IOERR: (
        "Reading or writing {path} failed: {error}",
        "look at the disk, and at the limit of a file's size (ulimit -f)",
    ),
}
_AGAIN = ", then run the same command again"


class DamagedError(JournalError):
    """The file is no journal any more; `what` says how that shows."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"The journal {path} is damaged: {what}", "move it away" + _AGAIN)
        self.what = what


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and the file system into LockedError, DamagedError or JournalError."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise JournalError(f"The journal {path} is not open: {error}") from error
    except sqlite3.Error as error:
        raise _explanation(path, error) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise JournalError(
            f"The journal {path} cannot be used: {reason}", "make its folder writable" + _AGAIN
        ) from error


def _explanation(path: Path, error: sqlite3.Error) -> JournalError | LockedError:
    # The low byte is the code without its extension. None and SQLITE_ERROR: text that does not
    # decode, a table that is missing; our statements are fixed, so the file is at fault.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return DamagedError(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LockedError(
            f"Another process is working on this item and holds its journal {path}",
            "wait until it has ended, or stop it",
        )
    sentence, hint = _SENTENCES.get(code, ("The journal {path} cannot be used: {error}", ""))
    return JournalError(sentence.format(path=path, error=error), hint and hint + _AGAIN)


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the file; nothing is read or locked yet. Transactions are the caller's.

    Threads may take turns, not overlap. Raises sqlite3.Error.
    """
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def claim(connection: sqlite3.Connection) -> None:
    """Take the exclusive lock, at once or never, and set what durability needs.

    Asked for before the first look at the file, so that SQLite keeps its index of the WAL in this
    process's memory and makes no `-shm`. No checkpoint before the end: a reader's copy of WAL and
    database then always fits together.
    """
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")


def fold(connection: sqlite3.Connection) -> None:
    """Bring all content into the database file alone, the lock kept. Raises sqlite3.Error.

    Its rollback journal is in memory then, so that closing removes no file by its name.
    """
    connection.execute("PRAGMA journal_mode=MEMORY")


def check_sizes(path: Path) -> None:
    """Raise DamagedError for a log without a database, before SQLite clears it away."""
    log = path.with_name(path.name + "-wal")
    with suppress(FileNotFoundError):
        if log.stat().st_size and path.stat().st_size < _HEADER_BYTES:
            raise DamagedError(path, "there is a log, but no database that it belongs to")


def is_empty(path: Path) -> bool:
    """Whether there is a file without a byte, as a power cut leaves it, or a kill as it is made."""
    with suppress(FileNotFoundError):
        return path.stat().st_size == 0
    return False


def move_aside(path: Path, reason: str, moment: datetime) -> Path:
    """Move the claimed (or unreadable) journal to the folder `aside`; returns its new path.

    The database goes first: a kill then leaves no journal, rather than one without its last steps.
    Raises OSError, UnsafePathError.
    """
    folder = confined(path.parent / "aside", path.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    stem = f"{path.stem}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{reason}"
    names = itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2)))
    target = next(
        target
        for target in (folder / f"{name}{path.suffix}" for name in names)
        if not any(os.path.lexists(file) for file in _files(target))
    )
    for file, new in zip(_files(path), _files(target), strict=True):
        with suppress(FileNotFoundError):
            file.rename(new)
    sync_folder(folder)
    sync_folder(path.parent)
    return target


def delete_journal(path: Path) -> bool:
    """Delete the journal with all its files; False, and nothing done, while a process holds it.

    Harmless to repeat. Killed at any instant, it leaves a whole journal or none. Raises
    JournalError.
    """
    with explained(path):
        if not path.parent.is_dir():
            return True
        if path.is_symlink() or not path.exists():
            _unlink(*_files(path))
        else:
            connection = connect(path)
            try:
                _delete_claimed(connection, path)
            except LockedError:
                return False
            finally:
                connection.close()
        sync_folder(path.parent)
    return True


def _delete_claimed(connection: sqlite3.Connection, path: Path) -> None:
    database, *sidecars = _files(path)
    whole = False
    with suppress(DamagedError), explained(path):
        claim(connection)
        fold(connection)
        whole = True
    if whole:
        # The database last: once it is gone the lock is too, and these names are another's.
        _unlink(*sidecars, database)
    else:
        _unlink(database, *sidecars)


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """A copy of the journal in a temporary folder of its own, gone afterwards.

    Raises OSError, and DamagedError for what is no journal by its look.

    First the WAL, then the database: a WAL that grows meanwhile does no harm. Only the end of a
    journal writes to its database; a copy during which that happened is made anew.
    """
    with tempfile.TemporaryDirectory(prefix=f"{COPIES}{os.getpid()}-") as folder:
        copy = Path(folder) / path.name
        for _ in range(_COPY_ATTEMPTS):
            before = _signature(path)
            _unlink(*_files(copy))
            for file, target in zip(_files(path)[1::-1], _files(copy)[1::-1], strict=True):
                with suppress(FileNotFoundError):
                    _check_copied(file)
                    shutil.copyfile(file, target)
            if _signature(path) == before:
                break
        yield copy


def _check_copied(file: Path) -> None:
    """Raise DamagedError for what would fill the disk; FileNotFoundError for what is not there."""
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise DamagedError(file, "it is not a regular file")
    if status.st_size > _MOST_COPIED:
        raise DamagedError(file, f"it is larger than any journal, {_MOST_COPIED:,} bytes")


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _files(path: Path) -> list[Path]:
    """The database and what SQLite may put beside it, whether there or not."""
    return [path, *(path.with_name(path.name + suffix) for suffix in SIDECARS)]


def _unlink(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
