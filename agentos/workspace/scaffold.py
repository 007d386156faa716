"""What `agentos init` writes: whole files inside the project, and never over one that is there."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from agentos.backlog.files import as_text
from agentos.core.errors import ItemError, UsageError
from agentos.core.files import create_file, sync_folder
from agentos.core.paths import ISSUES, confined
from agentos.publishing.issues import numbering_lock
from agentos.records.state_folder import check_state
from agentos.workspace.adoption import AdoptionPlan, numbers_of, plan_adoption, read_issues
from agentos.workspace.numbering import give_numbers, issue_file_name, own_name
from agentos.workspace.project import Project

Tell = Callable[[str], None]
"""Takes a line about each thing that was done, once it is done."""


def write_new(path: Path, text: str | bytes, project: Path) -> None:
    """Write a file that is not there yet, its folder made; its mode is what the umask leaves.

    Raises UnsafePathError for a path with a symlink in it, UsageError where it cannot be written.
    """
    content = text.encode("utf-8") if isinstance(text, str) else text
    confined(path, project)
    folder = path.parent
    is_new = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        create_file(path, content, mode=0o666)
    except OSError as error:
        if isinstance(error, FileExistsError) and folder.is_dir():
            raise _taken(path) from None
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise _unwritable(path, error) from error


def check_writable(folder: Path) -> None:
    """Raise UsageError if no file can be made in the folder, or in that above if it is missing."""
    nearest = folder if folder.exists() else folder.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        is_read_only = os.statvfs(nearest).f_flag & os.ST_RDONLY
        code = errno.EROFS if is_read_only else errno.EACCES
        raise UsageError(
            f"{nearest} cannot be written: {os.strerror(code)}",
            "make it writable for you, then run it again",
        )


def check_issues(
    project: Project, *, renamed: Sequence[str] = (), copied: Mapping[str, bytes] | None = None
) -> None:
    """Raise what `number_issues` and `copy_issues` would, as far as it can be known before them."""
    folder = confined(project.root / ISSUES, project.root)
    there = read_issues(folder)
    if give_numbers(renamed, numbers_of(there)) or plan_adoption(copied or {}, there).copies:
        check_writable(folder)
        with _numbering(project):
            pass


def number_issues(project: Project, names: Sequence[str], tell: Tell) -> None:
    """Rename those files of issues/: `Dark Mode.md` becomes `007-dark-mode.md`.

    A number in a name stays if it is free. Raises as `write_new` does; what was renamed before
    stays so, and another call does the rest.
    """
    folder = confined(project.root / ISSUES, project.root)
    with _numbering(project):
        numbers = give_numbers(names, numbers_of(read_issues(folder)))
        for name, number in numbers.items():
            target = folder / issue_file_name(number, own_name(name))
            _rename(folder / name, target)
            tell(f"renamed issues/{as_text(name)} to issues/{as_text(target.name)}")
    with suppress(OSError):
        sync_folder(folder)


def copy_issues(
    project: Project, found: Mapping[str, bytes], prefix: str, tell: Tell
) -> AdoptionPlan:
    """Copy files, given as contents by name, to issues/, each under a number; gives what was done.

    `prefix` is what stands before their names on a screen. Raises as `write_new` does.
    """
    folder = confined(project.root / ISSUES, project.root)
    with _numbering(project):
        plan = plan_adoption(found, read_issues(folder))
        for copy in plan.copies:
            write_new(folder / copy.target, copy.content, project.root)
            tell(f"copied {prefix}{as_text(copy.source)} to issues/{as_text(copy.target)}")
    return plan


def _rename(source: Path, target: Path) -> None:
    try:
        # 042-a.MD is 042-a.md already where a file system does not tell them apart.
        if os.path.lexists(target) and not os.path.samestat(source.lstat(), target.lstat()):
            raise _taken(target)
        source.rename(target)
    except OSError as error:
        raise _unwritable(target, error) from error


@contextmanager
def _numbering(project: Project) -> Iterator[None]:
    """Keep a batch that writes issues from taking the same numbers; without one nothing is made."""
    if not os.path.lexists(project.state.root):
        yield
        return
    check_state(project.state, project.root)
    try:
        with numbering_lock(project.state.numbering_lock):
            yield
    except ItemError as error:
        raise UsageError(str(error), error.hint) from error


def _taken(path: Path) -> UsageError:
    return UsageError(f"{path} is there already", "nothing is written over; run it again")


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written: {error.strerror or error}",
        "make sure that its folder is writable and the disk is not full, then run it again",
    )
