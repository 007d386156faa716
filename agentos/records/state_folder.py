"""The state folder of a project: looked at as a whole first, then made."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agentos.core.errors import UsageError
from agentos.core.files import create_file, replace_file
from agentos.core.items import Kind
from agentos.core.paths import StatePaths, confined
from agentos.records.files import FOLDER_MODE

_HINT = "make it writable for you, or set AGENTOS_HOME to a folder that is"


def prepare_state(paths: StatePaths, project: Path) -> None:
    """Make the state folder, its parts and its own `.gitignore`; harmless to repeat.

    Nothing is written before every check has passed. Raises UnsafePathError, UsageError.
    """
    check_state(paths, project)
    anchor = _anchor(paths, project)
    try:
        if anchor != project:
            anchor.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for folder in _folders(paths, anchor):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        if stat.S_IMODE(paths.root.stat().st_mode) != FOLDER_MODE:
            paths.root.chmod(FOLDER_MODE)
        _write_gitignore(paths.root / ".gitignore")
    except OSError as error:
        name = error.filename or paths.root
        raise UsageError(f"{name} cannot be written: {error.strerror}", _HINT) from error


def check_state(paths: StatePaths, project: Path) -> None:
    """Look whether the state folder can be made and written to.

    Raises UnsafePathError for symlinks and for what leads out of the project (or of AGENTOS_HOME),
    UsageError for what cannot be written.
    """
    anchor = _anchor(paths, project)
    try:
        if anchor == project and not project.is_dir():
            raise UsageError(f"{project} is not a folder")
        _check_confined(paths, anchor)
        for folder in _folders(paths, anchor):
            _check_usable(folder)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}", _HINT) from error


def _anchor(paths: StatePaths, project: Path) -> Path:
    """The project, or AGENTOS_HOME of AGENTOS_HOME/projects/<name>, see core.paths."""
    return project if paths.root.parent == project else paths.root.parent.parent


def _folders(paths: StatePaths, anchor: Path) -> tuple[Path, ...]:
    return (*_between(anchor, paths.root), paths.checkpoints, paths.runs.parent, paths.runs)


def _between(anchor: Path, root: Path) -> Iterator[Path]:
    here = anchor
    for part in root.relative_to(anchor).parts:
        here = here / part
        yield here


def _check_confined(paths: StatePaths, anchor: Path) -> None:
    locks = (paths.lock, paths.numbering_lock, paths.index_lock)
    names = (*locks, *map(paths.spending, Kind), paths.root / ".gitignore")
    for path in (paths.checkpoints, paths.runs, *names):
        confined(path, anchor)
    if paths.checkpoints.is_dir():
        # SQLite follows symlinks, so a journal of a cloned project could be any file of the user.
        for path in sorted(paths.checkpoints.iterdir()):
            confined(path, anchor)


def _check_usable(folder: Path) -> None:
    """Look that `folder`, or the nearest folder above it that exists, can be written."""
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "move it away")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UsageError(f"{folder} cannot be written: it is read-only for you", _HINT)


def _write_gitignore(path: Path) -> None:
    content = b"*\n"
    if not path.exists():
        with suppress(FileExistsError):  # a run that started at the same time was quicker
            create_file(path, content)
    elif path.stat().st_size == 0:  # the disk was full
        replace_file(path, content)
