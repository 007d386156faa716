"""What `agentos init` writes: whole files inside the project, and never over one that is there."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from agentos.backlog.files import as_text
from agentos.core.errors import ItemError, UsageError
from agentos.core.files import create_file, sync_folder
from agentos.core.paths import confined
from agentos.publishing.issues import numbering_lock
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


def number_issues(project: Project, names: Sequence[str], tell: Tell) -> None:
    """Rename those files of issues/: `dark-mode.md` becomes `007-dark-mode.md`, its words kept.

    A number in a name stays if it is free. Raises as `write_new` does; what was renamed before
    stays so, and another call does the rest.
    """
    folder = confined(project.root / "issues", project.root)
    with _numbering(project):
        numbers = give_numbers(names, numbers_of(read_issues(folder)))
        for name, number in numbers.items():
            target = folder / issue_file_name(number, own_name(name).words)
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
    folder = confined(project.root / "issues", project.root)
    with _numbering(project):
        plan = plan_adoption(found, read_issues(folder))
        for copy in plan.copies:
            write_new(folder / copy.target, copy.content, project.root)
            tell(f"copied {prefix}{as_text(copy.source)} to issues/{as_text(copy.target)}")
    return plan


def _rename(source: Path, target: Path) -> None:
    # 042-a.MD is 042-a.md already where a file system does not tell them apart.
    if source.name.casefold() != target.name.casefold():
        _check_free(target)
    try:
        source.rename(target)
    except OSError as error:
        raise _unwritable(target, error) from error


@contextmanager
def _numbering(project: Project) -> Iterator[None]:
    """Keep a batch that writes issues from taking the same numbers; without one nothing is made."""
    if not project.state.root.is_dir():
        yield
        return
    try:
        with numbering_lock(project.state.numbering_lock):
            yield
    except ItemError as error:
        raise UsageError(str(error), error.hint) from error


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise _taken(path)


def _taken(path: Path) -> UsageError:
    return UsageError(f"{path} is there already", "nothing is written over; run it again")


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written: {error.strerror or error}",
        "make sure that its folder is writable and the disk is not full, then run it again",
    )
