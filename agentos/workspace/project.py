"""The project that a command works on: where it is, and what it may be given to write to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentos.core.errors import UsageError
from agentos.core.items import Kind
from agentos.core.paths import (
    ACTIVE_BRIEFS,
    DESIGNS,
    DONE_BRIEFS,
    INDEX,
    ISSUES,
    LINEAGES,
    StatePaths,
    confined,
    state_paths,
)

OUTPUTS = {
    Kind.LLD: (DESIGNS, LINEAGES, INDEX),
    Kind.ISSUE: (ISSUES, ACTIVE_BRIEFS, DONE_BRIEFS, INDEX),
}
"""Where documents of a kind are written to, below the project."""


@dataclass(frozen=True, slots=True)
class Project:
    """An existing folder, absolute and free of symlinks, and the place of its state."""

    root: Path
    state: StatePaths


def open_project(folder: Path, environ: Mapping[str, str]) -> Project:
    """Look the folder up; raises UsageError when it is none."""
    try:
        root = folder.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is a loop of symlinks"
        raise UsageError(f"the project {folder} cannot be opened: {reason}") from None
    if not root.is_dir():
        raise UsageError(f"the project {folder} is not a folder")
    return Project(root, state_paths(root, environ))


def check_outputs(project: Project, kind: Kind) -> None:
    """Raise UnsafePathError when a place that the kind's documents go to is not a real folder."""
    for place in OUTPUTS[kind]:
        confined(project.root / place, project.root)
