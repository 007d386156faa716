"""Files that may be meant for a backlog, and are not called or placed as its files are."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from agentos.backlog.files import as_text

_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")

_OTHER_TEXT = (".txt", ".text", ".rst", ".org", ".adoc")
_ABOUT_THE_FOLDER = re.compile(
    r"readme|index|(issue_|pull_request_)?template|contributing|changelog|licen[cs]e"
    r"|code_of_conduct|agents|claude|gemini"
)
_NO_ISSUES_INSIDE = frozenset({"closed", "done", "archive", "archived", "template", "templates"})


@dataclass(frozen=True, slots=True)
class Strays:
    """Names in one folder, in alphabetical order: Markdown, text of other formats, folders.

    `folders` are those with Markdown of their own. Whatever is hidden, a symlink, a `*.new.md` or
    about the folder itself, such as a README, is none of these.
    """

    markdown: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.markdown or self.other or self.folders)


def strays_of(folder: Path) -> Strays:
    """What could be issues or briefs by its look, whatever its name. Raises OSError."""
    files, folders = _visible(folder)
    return Strays(
        markdown=tuple(filter(is_markdown, files)),
        other=tuple(name for name in files if _is_called(name, _OTHER_TEXT)),
        folders=tuple(
            name
            for name in folders
            if name.casefold() not in _NO_ISSUES_INSIDE and _holds_markdown(folder / name)
        ),
    )


def markdown_in(folder: Path) -> tuple[str, ...]:
    """The Markdown files alone; none where the folder is missing or cannot be read."""
    try:
        return tuple(filter(is_markdown, _visible(folder)[0]))
    except OSError:
        return ()


def is_markdown(name: str) -> bool:
    """Whether a file of that name may be an issue: Markdown that is neither hidden nor a README."""
    return _is_called(name, _MARKDOWN)


def named(names: Sequence[str], folder: str) -> str:
    """`issues/a.md`, or of many files the first: `such as issues/a.md`."""
    first = f"{folder}/{as_text(names[0])}"
    return first if len(names) == 1 else f"such as {first}"


def _visible(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders, neither hidden nor symlinks."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_file(follow_symlinks=False):
                files.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
    return sorted(files, key=_alphabetical), sorted(folders, key=_alphabetical)


def _alphabetical(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _is_called(name: str, suffixes: tuple[str, ...]) -> bool:
    path = PurePath(name.casefold())
    is_about_folder = _ABOUT_THE_FOLDER.fullmatch(path.stem.replace("-", "_").strip("_"))
    is_ours = name.startswith(".") or path.name.endswith(".new.md")
    return path.suffix in suffixes and not is_about_folder and not is_ours


def _holds_markdown(folder: Path) -> bool:
    return bool(markdown_in(folder))
