"""The files of a project, as a list that a model can be shown."""

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from agentos.context.filters import is_secret, is_skipped_folder
from agentos.context.safe_files import open_folder, read_beginning_at

MAX_FILES = 50_000
_SNIFFED = 1024  # bytes in which a binary file shows a NUL


@dataclass(slots=True)
class Listing:
    """Paths below the project with their sizes in bytes, and what is not among them, in sentences.

    The paths are sorted.
    """

    files: dict[str, int] = field(default_factory=dict)
    omitted: list[str] = field(default_factory=list)


def list_files(project: Path, limit: int = MAX_FILES) -> Listing:
    """The text files of the project, the upper folders first where `limit` cuts.

    Hidden folders, caches, environments, links, secrets and what agentos itself writes are left
    out. Raises OSError where the project itself cannot be read.
    """
    found: dict[str, int] = {}
    omitted: list[str] = []
    folders: deque[tuple[str, ...]] = deque([()])
    entered = 0
    while folders:
        parts = folders.popleft()
        entered += 1
        if entered > limit:
            omitted.append(f"only the first {limit:,} folders were looked at; there are more")
            break
        try:
            sizes, inner = _scan(project, parts, limit + 1 - len(found))
        except OSError as error:
            if not parts:
                raise
            omitted.append(f"{'/'.join(parts)}/ could not be read: {error.strerror}")
            continue
        folders.extend(inner)
        found.update(("/".join((*parts, name)), size) for name, size in sizes.items())
        if len(found) > limit:
            found.popitem()
            omitted.append(f"only the first {limit:,} files were looked at; there are more")
            break
    return Listing(dict(sorted(found.items())), omitted)


def _scan(
    project: Path, parts: tuple[str, ...], limit: int
) -> tuple[dict[str, int], list[tuple[str, ...]]]:
    """The first text files of one folder, with their sizes, and the folders worth entering."""
    sizes: dict[str, int] = {}
    inner: list[tuple[str, ...]] = []
    with open_folder(project, parts) as folder, os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.isprintable():
                continue
            if entry.is_dir(follow_symlinks=False):
                below = (*parts, entry.name)
                if not is_skipped_folder(below) and not _is_environment(folder, entry.name):
                    inner.append(below)
                continue
            is_ours = entry.is_file(follow_symlinks=False) and not is_secret(entry.name)
            if is_ours and len(sizes) < limit:
                size = _text_size(folder, entry.name)
                if size is not None:
                    sizes[entry.name] = size
    return sizes, inner


def _is_environment(folder: int, name: str) -> bool:
    """Whether the folder is a virtual environment, whatever it is called."""
    try:
        os.stat(f"{name}/pyvenv.cfg", dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _text_size(folder: int, name: str) -> int | None:
    """The size of a text file in bytes; None for a binary one."""
    try:
        beginning, size = read_beginning_at(folder, name, _SNIFFED)
    except OSError:  # it cannot be read, but it is there
        return 0
    return None if b"\0" in beginning else size
