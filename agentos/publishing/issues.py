"""The end of the issue workflow: a new issue with a number of its own, its brief done.

Every part is harmless to repeat; looking, numbering and writing belong under one `numbering_lock`.
"""

import itertools
import os
import re
from contextlib import AbstractContextManager
from pathlib import Path

from agentos.core.errors import ItemError
from agentos.core.files import sync_folder
from agentos.core.identifiers import issue_number, slugify
from agentos.core.paths import DONE_BRIEFS, ISSUES, confined
from agentos.documents.front_matter import split_front_matter
from agentos.publishing.files import make_folder, unwritable
from agentos.publishing.locks import LOCK_TIMEOUT, held

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.tmp")


def numbering_lock(path: Path, timeout: float = LOCK_TIMEOUT) -> AbstractContextManager[None]:
    """Keep other processes from taking a number; LockedError after `timeout` seconds of waiting."""
    return held(path, timeout)


def find_issue_of_brief(project: Path, brief_id: str) -> Path | None:
    """The issue with the lowest number whose front matter says `brief: BRIEF_ID`.

    Raises UnsafePathError where the folder is a symlink, ItemError where it cannot be read.
    """
    for _, file in _numbered_files(project):
        if not file.is_symlink() and _brief_of(file) == brief_id:
            return file
    return None


def next_number(project: Path) -> int:
    """One more than the highest number of an issue. Raises as `find_issue_of_brief` does."""
    number = max((number for number, _ in _numbered_files(project)), default=0) + 1
    if issue_number(f"{number}.md") is None:
        raise ItemError(
            f"no issue can have the number {number}, the next one",
            "give the issue with the highest number a lower one",
        )
    return number


def issue_path(project: Path, number: int, slug: str) -> Path:
    """`issues/042-dark-mode.md`; of `slug` only what is safe in a file name is taken."""
    return project / ISSUES / f"{number:03d}-{slugify(slug)}.md"


def remove_unfinished_issues(project: Path) -> None:
    """Remove the hidden files that killed processes left of issues which never came to be.

    Nobody would write over one whose number is another issue's by now. Raises as
    `find_issue_of_brief` does.
    """
    for file in _files(project):
        unfinished = _TEMPORARY.fullmatch(file.name)
        if unfinished and issue_number(unfinished["name"]):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(file, error) from error


def move_brief_to_done(project: Path, brief: Path, brief_id: str) -> Path:
    """Move a brief from `ideas/active` to `ideas/done` and say where it is; repeating is harmless.

    It keeps its name if that stands for its id, else the id becomes its name, so that it is found
    under the same id again; nothing there is written over. For one process at a time. Raises
    UnsafePathError, ItemError.
    """
    done = project / DONE_BRIEFS
    if brief.parent == done:
        return brief
    name = _name_when_done(brief, brief_id)
    try:
        confined(brief, project)
        confined(done, project)
        if not brief.exists():
            return done / name
        make_folder(done)
        target = _free_path(done / name)
        brief.rename(target)
        sync_folder(done)
        sync_folder(brief.parent)
    except OSError as error:
        raise unwritable(done / name, error) from error
    return target


def where_brief_lies(project: Path, brief: Path, brief_id: str) -> Path:
    """The brief's path, also once it was moved by a process that was killed before it said so."""
    done = project / DONE_BRIEFS / _name_when_done(brief, brief_id)
    return done if done.exists() and not os.path.lexists(brief) else brief


def _name_when_done(brief: Path, brief_id: str) -> str:
    return brief.name if slugify(brief.stem) == brief_id else f"{brief_id}.md"


def _free_path(path: Path) -> Path:
    others = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))
    return next(free for free in itertools.chain([path], others) if not os.path.lexists(free))


def _numbered_files(project: Path) -> list[tuple[int, Path]]:
    numbered = ((issue_number(file.name), file) for file in _files(project))
    return sorted((int(number), file) for number, file in numbered if number)


def _files(project: Path) -> list[Path]:
    folder = confined(project / ISSUES, project)
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unwritable(folder, error) from error


def _brief_of(file: Path) -> str | None:
    """The brief that the issue was made from; None also for a file that cannot be read."""
    try:
        fields, _ = split_front_matter(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    brief = fields.get("brief")
    return None if brief is None else str(brief)
