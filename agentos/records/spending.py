"""What a batch has cost so far, in a file that outlives the runs it takes.

One JSON object a line, of four kinds:

    {"due": [LABEL, ...], "all": false}             a run takes these on, and with `all`
                                                    whatever else was due is so no more
    {"ended": LABEL}                                that item ended in its own right
    {"reserved": CALL, "model": NAME, "tokens": N, "nanodollars": N}    synced before a call
    {"settled": CALL, "tokens": N, "nanodollars": N}                    after it

A call that was reserved and never settled, because somebody was killed, has cost what was
reserved. When everything that was due has ended the batch is over, and the file goes.
"""

import json
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from agentos.core.errors import UsageError
from agentos.core.files import read_regular, sync_file, sync_folder
from agentos.core.prices import Cost
from agentos.core.shortage import DISK_FULL
from agentos.records.files import append_line, json_line


class SpendingLedger:
    """The file of one batch, for the one process that holds the project's lock; from any thread.

    `run_id` makes the ids of calls unique. `reserve`, `sync` and `settle` raise OSError.
    """

    def __init__(self, path: Path, run_id: str) -> None:
        """Read what earlier runs of the batch wrote; raises UsageError where that is impossible."""
        self._path = path
        self._run_id = run_id
        self._lock = threading.Lock()  # append_line is for one writer at a time
        self._reserved = 0  # lines
        self._syncing = threading.Lock()  # guards the next
        self._synced = 0  # of those lines, so many are sure to be on disk
        self._due: set[str] = set()
        self._whole = 0  # bytes; what comes after them is a line that a power cut has torn
        self.spent = Cost()
        try:
            content = read_regular(path)
            self._whole = content.rfind(b"\n") + 1
            self._replay(content[: self._whole].splitlines())
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._unreadable("it is damaged") from None

    def begin(self, labels: Iterable[str], *, take_all: bool = False) -> None:
        """Take items on; raises UsageError where that cannot be written.

        With `take_all` they are all that is due: others have left the backlog since.
        """
        labels = sorted(labels)
        self._due = set(labels) if take_all else self._due | set(labels)
        try:
            with suppress(FileNotFoundError):
                os.truncate(self._path, self._whole)
            append_line(self._path, json_line({"due": labels, "all": take_all}), durable=True)
            sync_folder(self._path.parent)
        except OSError as error:
            room = "free some space" if error.errno in DISK_FULL else "make its folder writable"
            raise UsageError(
                f"what this batch costs cannot be recorded: {self._path}: {error.strerror}", room
            ) from error

    def end(self, label: str) -> None:
        """Note that an item ended, by whatever outcome but `interrupted`."""
        with self._lock, suppress(OSError):  # then it counts as due, and its cost goes on counting
            self._due.discard(label)
            if self._due:
                append_line(self._path, json_line({"ended": label}))
            else:
                self._path.unlink(missing_ok=True)

    def reserve(self, call: str, model: str, most: Cost) -> None:
        """Write the worst case of a call down, so that a killed process has told of it."""
        line = {"reserved": self._id(call), "model": model} | _fields(most)
        with self._lock:
            append_line(self._path, json_line(line))
            self._reserved += 1

    def sync(self) -> None:
        """Return when all that was reserved before is on disk; who comes meanwhile waits for one.

        Slow, and so not for whoever holds up others by a lock.
        """
        wanted = self._reserved
        with self._syncing:
            if self._synced >= wanted:
                return
            covered = self._reserved
            sync_file(self._path)
            self._synced = covered

    def settle(self, call: str, cost: Cost) -> None:
        """Put the real cost in the worst case's place."""
        line = {"settled": self._id(call)} | _fields(cost)
        with self._lock:
            append_line(self._path, json_line(line))

    def _id(self, call: str) -> str:
        return f"{self._run_id}/{call}"

    def _replay(self, lines: list[bytes]) -> None:
        costs: dict[str, Cost] = {}
        for line in lines:
            entry = json.loads(line)
            if "due" in entry:
                labels = set(map(str, entry["due"]))
                self._due = labels if entry.get("all") else self._due | labels
            elif "ended" in entry:
                self._due.discard(entry["ended"])
            else:
                call = entry["settled"] if "settled" in entry else entry["reserved"]
                costs[call] = Cost(_count(entry["tokens"]), _count(entry["nanodollars"]))
        self.spent = sum(costs.values(), Cost())

    def _unreadable(self, why: str) -> UsageError:
        return UsageError(
            f"what this batch has cost so far cannot be told: {self._path}: {why}",
            "--budget-reset begins anew, with nothing spent",
        )


def remove_ledger(path: Path) -> None:
    """Begin anew, with nothing spent; raises UsageError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be removed: {error.strerror}") from error


def _fields(cost: Cost) -> dict[str, object]:
    return {"tokens": cost.tokens, "nanodollars": cost.nanodollars or 0}


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("no count")
