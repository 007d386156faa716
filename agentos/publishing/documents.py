"""Where an LLD and its lineage lie, and which of them may be written over."""

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agentos.core.files import read_regular, sync_folder
from agentos.core.hashing import sha256
from agentos.core.paths import DESIGNS, LINEAGES, confined
from agentos.publishing.files import unwritable, write_atomic


class LineageKind(StrEnum):
    """What a file of the lineage holds."""

    ISSUE = "issue"
    DRAFT = "draft"
    VERDICT = "verdict"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class LineageEntry:
    """One document on the way from the issue to the final one."""

    kind: LineageKind
    content: bytes


_LINEAGE_FILE = re.compile(rf"\.?[0-9]{{3,}}-(?:{'|'.join(LineageKind)})\.md(?:\.tmp)?")
"""Also the hidden one that a killed writer leaves."""


def lld_path(project: Path, number: str) -> Path:
    """`docs/lld/active/LLD-042.md` for issue "42"."""
    return project / DESIGNS / f"LLD-{number:0>3}.md"


def lineage_folder(project: Path, number: str) -> Path:
    """`docs/lineage/active/42-lld` for issue "42"."""
    return project / LINEAGES / f"{number}-lld"


def place(path: Path, content: bytes, known_hashes: Collection[str], *, root: Path) -> Path:
    """Where `content` may be written: `path`, else `NAME.new.md`, `NAME.2.new.md`, ... beside it.

    A file is written over when it has the very same content or a hash of `known_hashes`, those of
    what agentos wrote itself. Any other was edited by a person and stays. Nothing is written here.
    Raises UnsafePathError for a symlink, ItemError for an unreadable file.
    """
    suffixes = itertools.chain(["", ".new"], (f".{n}.new" for n in itertools.count(2)))
    places = (path.with_name(f"{path.stem}{suffix}{path.suffix}") for suffix in suffixes)
    return next(one for one in places if _is_ours(one, content, known_hashes, root))


def merged_path(path: Path) -> Path:
    """The document beside which `place` put `path`, or `path` itself."""
    return path.with_name(re.sub(r"(\.[0-9]+)?\.new\.md$", ".md", path.name))


def _is_ours(path: Path, content: bytes, known_hashes: Collection[str], root: Path) -> bool:
    try:
        confined(path, root)
        existing = read_regular(path)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise unwritable(path, error) from error
    return existing == content or sha256(existing) in known_hashes


def write_lineage(project: Path, number: str, entries: Sequence[LineageEntry]) -> None:
    """Write the whole story of a document as `001-issue.md`, `002-draft.md` and so on.

    Harmless to repeat. Files of an older, different story go, so that the folder tells one.
    Raises UnsafePathError, ItemError.
    """
    folder = lineage_folder(project, number)
    names = [f"{position:03d}-{entry.kind}.md" for position, entry in enumerate(entries, 1)]
    for name, entry in zip(names, entries, strict=True):
        write_atomic(folder / name, entry.content, root=project)
    try:
        older = [
            file
            for file in folder.iterdir()
            if _LINEAGE_FILE.fullmatch(file.name) and file.name not in names
        ]
        for file in older:
            file.unlink()
        if older:
            sync_folder(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
