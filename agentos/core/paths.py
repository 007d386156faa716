"""Where the state of a project lies, and the check that a path stays where it belongs."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentos.core.errors import ConfigError, UnsafePathError
from agentos.core.identifiers import slugify
from agentos.core.items import Item, Kind

ISSUES = "issues"
IDEAS = "ideas"
ACTIVE_BRIEFS = f"{IDEAS}/active"
DONE_BRIEFS = f"{IDEAS}/done"
"""Below the project: where its backlog lies."""

DESIGNS = "docs/lld/active"
LINEAGES = "docs/lineage/active"
INDEX = "docs/lld/lld-status.json"
"""Below the project: what is written of its items beside new issues."""

JOURNAL_VARIABLE = "AGENTOS_WORKFLOW_DB"
"""Set in each child's environment; whatever the child starts can be found by it."""

GUARDIAN_VARIABLE = "AGENTOS_GUARDIAN"
"""Set in the environment of a process that ends what it watches once its own parent is gone."""

_JOURNAL_NAME = re.compile(r"(?P<kind>lld|issue)_workflow_(?P<id>[A-Za-z0-9][A-Za-z0-9_-]*)\.db")


@dataclass(frozen=True, slots=True)
class StatePaths:
    """The state of one project; nothing here touches the disk."""

    root: Path

    @property
    def checkpoints(self) -> Path:
        """The journals of unfinished items."""
        return self.root / "checkpoints"

    @property
    def runs(self) -> Path:
        """One folder a run, named by its id."""
        return self.root / "logs" / "parallel"

    @property
    def lock(self) -> Path:
        """Held by the one `parallel` command of the project."""
        return self.root / "lock"

    @property
    def numbering_lock(self) -> Path:
        """Held while a new issue takes its number."""
        return self.root / "numbering.lock"

    @property
    def index_lock(self) -> Path:
        """Held while the index of finished items is rewritten."""
        return self.root / "index.lock"

    def spending(self, kind: Kind) -> Path:
        """What the unfinished batch of this kind has cost so far."""
        return self.root / f"spending-{kind}.ndjson"

    def journal(self, kind: Kind, item_id: str) -> Path:
        """The item's SQLite file; `-wal` and `-shm` lie beside it while it is open."""
        return self.checkpoints / f"{kind}_workflow_{item_id}.db"

    def journal_of(self, item: Item) -> Path:
        """The journal of an item."""
        return self.journal(item.kind, item.id)


def journal_owner(name: str) -> tuple[Kind, str] | None:
    """Kind and id of the item to which a file of the checkpoints folder belongs, if any."""
    match = _JOURNAL_NAME.fullmatch(name)
    return (Kind(match["kind"]), match["id"]) if match else None


def state_paths(project: Path, environ: Mapping[str, str]) -> StatePaths:
    """`.agentos` in the project, or the project's own subfolder of AGENTOS_HOME."""
    home = environ.get("AGENTOS_HOME")
    if not home:
        return StatePaths(project / ".agentos")
    digest = hashlib.sha256(os.fsencode(project)).hexdigest()[:8]
    name = f"{slugify(project.name)}-{digest}"
    return StatePaths(_expanded(home) / "projects" / name)


def user_config_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's credentials file lies."""
    if home := environ.get("AGENTOS_HOME"):
        return _expanded(home) / "config"
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    return _expanded(base) / "agentos"


def user_state_folder(environ: Mapping[str, str]) -> Path:
    """Where what outlives a run and a project lies, such as reports of our own errors."""
    if home := environ.get("AGENTOS_HOME"):
        return _expanded(home) / "state"
    base = environ.get("XDG_STATE_HOME") or "~/.local/state"
    return _expanded(base) / "agentos"


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ConfigError(
            f"there is no home folder for {text}", "set HOME, or AGENTOS_HOME to a folder"
        ) from None


def confined(path: Path, root: Path) -> Path:
    """`path` itself, after a look that no part of it below `root` is a symlink or leads outside.

    Parts that do not exist yet are fine. Raises UnsafePathError.
    """
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        raise UnsafePathError(f"{path} lies outside {root}") from None
    if ".." in parts:
        raise UnsafePathError(f"{path} leads outside {root}")
    here = root
    for part in parts:
        here = here / part
        if here.is_symlink():
            raise UnsafePathError(
                f"{here} is a symlink",
                "agentos writes only to real folders of the project",
                link=here,
            )
    return path
