"""The files of a project, as a list that a model can be shown."""

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from agentos.context.filters import is_secret, is_skipped_folder
from agentos.context.safe_files import open_folder, read_beginning_at

MAX_FILES = 2000
_SNIFFED = 1024  # bytes in which a binary file shows a NUL


@dataclass(slots=True)
class Listing:
    """Paths below the project, sorted, and what is not among them, in sentences."""

    files: list[str] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)


def list_files(project: Path, limit: int = MAX_FILES) -> Listing:
    """The text files of the project, the upper folders first where `limit` cuts.

    Hidden folders, caches, environments, links, secrets and what agentos itself writes are left
    out. Raises OSError where the project itself cannot be read.
    """
    listing = Listing()
    folders: deque[tuple[str, ...]] = deque([()])
    while folders:
        parts = folders.popleft()
        try:
            names, inner = _scan(project, parts)
        except OSError as error:
            if not parts:
                raise
            listing.omitted.append(f"{'/'.join(parts)}/ could not be read: {error.strerror}")
            continue
        folders.extend(inner)
        listing.files += ["/".join((*parts, name)) for name in names]
        if len(listing.files) > limit:
            del listing.files[limit:]
            listing.omitted.append(f"the list of files ends after {limit:,}; there are more")
            break
    listing.files.sort()
    return listing


def _scan(project: Path, parts: tuple[str, ...]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The text files and the folders worth entering of one folder, both sorted."""
    names: list[str] = []
    inner: list[tuple[str, ...]] = []
    with open_folder(project, parts) as folder, os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.isprintable():
                continue
            if entry.is_dir(follow_symlinks=False):
                below = (*parts, entry.name)
                if not is_skipped_folder(below) and not _is_environment(folder, entry.name):
                    inner.append(below)
            elif entry.is_file(follow_symlinks=False) and _is_text(folder, entry.name):
                names.append(entry.name)
    return names, inner


def _is_environment(folder: int, name: str) -> bool:
    """Whether the folder is a virtual environment, whatever it is called."""
    try:
        os.stat(f"{name}/pyvenv.cfg", dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _is_text(folder: int, name: str) -> bool:
    if is_secret(name):
        return False
    try:
        return b"\0" not in read_beginning_at(folder, name, _SNIFFED)[0]
    except OSError:  # it cannot be read, but it is there
        return True
