"""Looks for secrets in files and in processes while a command runs, for some do not last."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import psutil
from command import wait_until
from secret_search import Find, SecretSearch
from watch import Watch

_PAUSE = 0.03  # seconds between two looks


class LeakWatch(Watch):
    """Looks at all files below folders, and at the descendants of a process.

    `allowed` files hold secrets by the user's own will. A file is looked at again whenever it has
    changed, journals and their -wal among them; processes by their arguments and environments. Of
    `pid` itself the arguments count, for its environment is the user's.
    """

    pause = _PAUSE

    def __init__(
        self, search: SecretSearch, folders: Sequence[Path], allowed: Sequence[Path], pid: int
    ) -> None:
        super().__init__()
        self.finds: set[Find] = set()
        self.files: set[str] = set()  # their names, of all that were looked at
        self.processes: set[int] = set()
        self._search = search
        self._folders = folders
        self._allowed = set(allowed)
        self._seen: dict[Path, tuple[int, int]] = {}
        self._root = psutil.Process(pid)
        # Empty for a moment, as it has only just become another program.
        self._own_words = wait_until(self._root.cmdline, "the command has a command line")
        self.finds |= search.look_into("\0".join(self._own_words).encode(), "the command line")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        self.look_at_files()

    def look(self) -> None:
        """At the processes and the files that are there now."""
        self._look_at_processes()
        self.look_at_files()

    def look_at_files(self) -> None:
        """Look at each that is new or has changed."""
        for path in self._paths():
            try:
                status = path.stat()
            except OSError:
                continue
            version = status.st_mtime_ns, status.st_size
            if path not in self._allowed and self._seen.get(path) != version:
                self._seen[path] = version
                self.files.add(path.name)
                self.finds |= self._search.look_at(path)

    def _paths(self) -> Iterator[Path]:
        """All files; a folder that goes away meanwhile is passed over."""
        for folder in self._folders:
            for parent, _, names in os.walk(folder):
                yield from (Path(parent, name) for name in names)

    def _look_at_processes(self) -> None:
        try:
            found = self._root.children(recursive=True)
        except psutil.Error:
            return
        for process in found:
            try:
                words = process.cmdline()
                # Right after its fork a child still looks like its parent.
                if not words or words == self._own_words or process.pid in self.processes:
                    continue
                shown = repr((words, process.environ())).encode()
            except psutil.Error:
                continue
            self.processes.add(process.pid)
            self.finds |= self._search.look_into(shown, f"a process {process.pid}")
