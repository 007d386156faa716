"""What a model is shown of the code base for one issue."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agentos.context.filters import is_code, is_secret, is_skipped_folder
from agentos.context.safe_files import read_beginning
from agentos.context.tree import list_files
from agentos.documents.code_context import CodeContext, Excerpt
from agentos.documents.mentions import leads_outside, mentioned_files, mentioned_paths

MAX_FILE_BYTES = 48_000
MAX_TOTAL_BYTES = 240_000
MAX_UNASKED_BYTES = 80_000  # where the issue names no file
MAX_NAMED = 200  # paths of one issue that are looked at


@dataclass(slots=True)
class _Budget:
    """What may still be read, and what became of the paths that were asked for."""

    remaining: int
    excerpts: list[Excerpt] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)


def gather_context(project: Path, issue_text: str) -> CodeContext:
    """The project's list of files, and excerpts of those that the issue names.

    Where it names none, the first modules are read instead.
    Nothing outside the project is opened, no symlink followed, no secret read, and only regular
    files are; sizes are bounded. What was left out is said. Raises OSError where the project
    folder itself cannot be read.
    """
    listing = list_files(project)
    asked = mentioned_paths(issue_text)
    named = dict.fromkeys((*mentioned_files(issue_text, listing.files), *asked))
    budget = _Budget(MAX_TOTAL_BYTES, omitted=listing.omitted)
    for path in list(named)[:MAX_NAMED]:
        if refusal := _refusal(path):
            budget.omitted.append(refusal)
        else:
            _read(project, path, budget)
    if not budget.excerpts:
        _read_what_fits(project, listing.files, budget)
    read = {excerpt.path for excerpt in budget.excerpts}
    files = sorted(read.union(listing.files))
    return CodeContext(tuple(files), tuple(budget.excerpts), tuple(budget.omitted))


def _refusal(path: str) -> str:
    """Why a path is not even looked at; empty for one that is."""
    parts = PurePosixPath(path).parts
    if leads_outside(path) or not parts:
        return f"`{path}`: only paths inside the project are read"
    if is_secret(parts[-1]):
        return f"`{path}`: files that may hold secrets are never read"
    if any(is_skipped_folder(parts[: end + 1]) for end in range(len(parts) - 1)):
        return f"`{path}`: this folder is not part of the code"
    return ""


def _read_what_fits(project: Path, files: list[str], budget: _Budget) -> None:
    """For an issue that names no file: the modules of a small project, so that it can be placed."""
    code = [path for path in files if is_code(PurePosixPath(path).name)]
    budget.remaining = min(budget.remaining, MAX_UNASKED_BYTES)
    for path in code:
        if budget.remaining:
            _read(project, path, budget)
    read = len(budget.excerpts)
    if read:
        sentence = f"the issue names no file of the project; {read} of its {len(code)} were read"
        budget.omitted.append(sentence)


def _read(project: Path, path: str, budget: _Budget) -> None:
    limit = min(MAX_FILE_BYTES, budget.remaining)
    try:
        data, size = read_beginning(project, path, limit)
    except FileNotFoundError:
        return  # to be created, or no path at all
    except OSError as error:
        budget.omitted.append(f"`{path}`: not a file that can be read ({error.strerror or error})")
        return
    if b"\0" in data:
        budget.omitted.append(f"`{path}`: a binary file")
        return
    if len(data) < size:
        data = data[: data.rfind(b"\n") + 1]  # whole lines only
        budget.omitted.append(f"`{path}`: {size - len(data):,} of {size:,} bytes are left out")
    if data or not size:
        text = data.decode("utf-8-sig", errors="replace").removesuffix("\n")
        budget.excerpts.append(Excerpt(path, text))
        budget.remaining -= len(data)
