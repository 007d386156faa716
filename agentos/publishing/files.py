"""How every document is written: inside the project, and whole or not at all."""

from pathlib import Path

from agentos.core.errors import ItemError
from agentos.core.files import replace_file, sync_folder
from agentos.core.paths import confined


def write_atomic(path: Path, data: bytes, *, root: Path) -> None:
    """Replace the file at `path`, with its folders made, and return when it is on disk.

    A killed writer leaves the old file and one hidden temporary one, which the next replaces.
    For one writer at a time. Raises UnsafePathError for a symlink or a path outside `root`,
    ItemError where it cannot be written.
    """
    try:
        confined(path, root)
        make_folder(path.parent)
        replace_file(path, data)
    except OSError as error:
        raise unwritable(path, error) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each name on disk; raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o755, exist_ok=True)
        sync_folder(folder.parent)


def unwritable(path: Path, error: OSError) -> ItemError:
    """The sentence for a write that failed."""
    return ItemError(
        f"{path} cannot be written: {error.strerror or error}",
        "make sure that its folder is writable and the disk is not full, then run again",
    )
