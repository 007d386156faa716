"""The Markdown files of a backlog folder, and what the head of such a file says."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentos.core.errors import BacklogError
from agentos.core.paths import confined
from agentos.documents.front_matter import split_front_matter
from agentos.documents.markdown import title_of

_CLOSED = ("closed", "done")

_HEAD_SIZE = 64 * 1024
"""Bytes in which front matter and title are looked for."""


@dataclass(frozen=True, slots=True)
class Head:
    """`title` is None where the file names none, or cannot be read as Markdown with YAML."""

    title: str | None = None
    is_closed: bool = False


def read_head(source: Path) -> Head:
    """Title and state of an issue or brief; a broken file is an open one that fails by itself."""
    try:
        fields, body = split_front_matter(_beginning(source))
    except (OSError, ValueError):
        return Head()
    title = title_of(body) or str(fields.get("title") or "").strip()
    state = str(fields.get("state", "")).strip().lower()
    return Head(title or None, state in _CLOSED)


def _beginning(source: Path) -> str:
    with source.open("rb") as file:
        data = file.read(_HEAD_SIZE)
    return data.decode("utf-8-sig", "strict" if len(data) < _HEAD_SIZE else "ignore")


def title_from_name(words: str, default: str) -> str:
    """The slug of a file name as a title: `add-isbn_check` is `Add isbn check`."""
    text = " ".join(as_text(words).replace("-", " ").replace("_", " ").split())
    return text[:1].upper() + text[1:] or default


def backlog_files(
    folder: Path, project: Path, is_wanted: Callable[[str], bool]
) -> tuple[list[Path], list[str]]:
    """Files of `folder` by name, and why symlinks among them were left out.

    Hidden files, `*.new.md` and what is not called `*.md` are none of the backlog's. Raises
    UnsafePathError for a folder that is a symlink, BacklogError for one that cannot be read;
    one that is not there has no files.
    """
    confined(folder, project)
    try:
        names = sorted(entry.name for entry in folder.iterdir() if _is_markdown(entry.name))
        found = [(folder / name, (folder / name).lstat().st_mode) for name in names]
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise BacklogError(
            f"{shown(folder, project)} cannot be read: {error.strerror}",
            "it has to be a folder that you may read",
        ) from error
    wanted = [(file, mode) for file, mode in found if is_wanted(file.name)]
    notices = [
        f"{shown(file, project)} is left out: it is a symlink"
        for file, mode in wanted
        if stat.S_ISLNK(mode)
    ]
    return [file for file, mode in wanted if stat.S_ISREG(mode)], notices


def _is_markdown(name: str) -> bool:
    return name.endswith(".md") and not name.startswith(".") and not name.endswith(".new.md")


def shown(path: Path, project: Path) -> str:
    """The path inside the project, as text that can be encoded."""
    return as_text(str(path.relative_to(project)))


def as_text(name: str) -> str:
    """A file name whose bytes need not be UTF-8, as text that can be encoded."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
