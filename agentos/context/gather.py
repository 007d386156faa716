"""What a model is shown of the code base for one issue."""

from functools import partial
from pathlib import Path, PurePosixPath

from agentos.context.filters import is_secret, is_skipped_folder
from agentos.context.fitting import Content, fit
from agentos.context.ranking import by_interest, rank
from agentos.context.safe_files import read_beginning
from agentos.context.tree import list_files
from agentos.documents.code_context import CodeContext
from agentos.documents.mentions import leads_outside

MAX_FILE_BYTES = 48_000
MAX_TOTAL_BYTES = 240_000


def gather_context(
    project: Path, issue_text: str, *, max_bytes: int = MAX_TOTAL_BYTES
) -> CodeContext:
    """The project's list of files, and excerpts of those that matter most for the issue.

    Rendered, it takes at most `max_bytes` in UTF-8 (`fitting.EMPTY_BYTES` where that is lower),
    and says what was left out. Nothing outside the project is opened, no symlink followed, no
    secret read, and only regular files are; how many are opened, and how much of each is read, is
    bounded. Raises OSError where the project folder itself cannot be read.
    """
    listing = list_files(project)
    candidates = rank(listing.files, issue_text, partial(_text, project))
    order = by_interest(listing.files, candidates)
    load = partial(_load, project)
    return fit(listing.files, order, candidates, load, notes=listing.omitted, max_bytes=max_bytes)


def _load(project: Path, path: str) -> Content | None:
    if refusal := _refusal(path):
        return Content(problem=refusal)
    try:
        data, size = read_beginning(project, path, MAX_FILE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Content(problem=f"not a file that can be read ({error.strerror or error})")
    return Content(problem="a binary file") if b"\0" in data else Content(data, size)


def _refusal(path: str) -> str:
    """Why a path is not even looked at; empty for one that is."""
    parts = PurePosixPath(path).parts
    if leads_outside(path) or not parts:
        return "only paths inside the project are read"
    if is_secret(parts[-1]):
        return "files that may hold secrets are never read"
    if any(is_skipped_folder(parts[: end + 1]) for end in range(len(parts) - 1)):
        return "this folder is not part of the code"
    return ""


def _text(project: Path, path: str) -> str:
    """A file of the project as far as its import lines are looked for."""
    try:
        return read_beginning(project, path, MAX_FILE_BYTES)[0].decode("utf-8-sig", "replace")
    except OSError:
        return ""
