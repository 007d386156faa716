"""Whether everything that a run writes to may be written, and what is private is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from agentos.core.errors import ConfigError, UnsafePathError, UsageError
from agentos.core.items import Kind
from agentos.core.paths import IDEAS, ISSUES, StatePaths, confined
from agentos.diagnosis import links, state_files
from agentos.diagnosis.access import is_readable, is_writable, opened, opened_below
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, warning
from agentos.diagnosis.surroundings import Surroundings, nearest_existing
from agentos.records.files import FOLDER_MODE
from agentos.records.state_folder import check_state
from agentos.workflows.parallel.socket_folder import check_base, socket_bases
from agentos.workspace.project import OUTPUTS
from agentos.workspace.survey import has_backlog


def check_documents(surroundings: Surroundings) -> Iterator[Finding]:
    """The folders that documents go to."""
    root = surroundings.project.root
    kinds = [kind for kind in Kind if has_backlog(surroundings.project, kind)] or [Kind.LLD]
    told: dict[Path, Finding] = {}
    for place in dict.fromkeys(place for kind in kinds for place in OUTPUTS[kind]):
        path = root / place
        try:
            confined(path, root)
        except UnsafePathError as error:
            if error.link is not None and _is_backlogs(error.link, root):
                continue  # the look at the backlog tells
            told[error.link or path] = _link(surroundings, "documents", error)
            continue
        folder = nearest_existing(path.parent if path.suffix else path)
        if not is_writable(folder):
            told[folder] = _unwritable(surroundings, "documents", folder)
    yield from told.values() or [ok("documents", "the folders that they go to can be written")]


def check_state_folder(surroundings: Surroundings) -> Iterator[Finding]:
    """The folder of journals and records: usable, private, and this user's own."""
    state, root = surroundings.project.state, surroundings.project.root
    try:
        check_state(state, root)
    except UnsafePathError as error:
        yield _link(surroundings, "state", error)
        return
    except UsageError as error:
        yield fault_of("state", error, _made_usable(surroundings, state))
        return
    if not state.root.is_dir():
        yield ok("state", f"{surroundings.name(state.root)} will be made by the first run")
        return
    status = state.root.stat()
    name = surroundings.name(state.root)
    if status.st_uid != os.geteuid():
        yield warning(
            "state",
            f"{name} belongs to another user, who can read and change what is in it",
            command=opened_below(surroundings, state.root),
        )
    elif stat.S_IMODE(status.st_mode) != FOLDER_MODE:
        yield warning(
            "state",
            f"{name} is open to other users (mode {stat.S_IMODE(status.st_mode):04o})",
            command=f"chmod 700 {surroundings.word(state.root)}",
        )
    else:
        yield ok("state", f"{name} is private and can be written")
    yield from state_files.check(surroundings)


def check_config_folder(surroundings: Surroundings) -> Iterator[Finding]:
    """The user's own: what it says is trusted."""
    folder = surroundings.config_folder
    if not folder.exists():
        yield ok("user config", f"there is no {folder} yet, and none is needed")
    elif not folder.is_dir():
        command = surroundings.set_aside(folder)
        yield fault("user config", f"{folder} is not a folder", command=command)
    elif not is_readable(folder):
        yield _unwritable(surroundings, "user config", folder, "cannot be read")
    elif folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield warning(
            "user config",
            f"others can write to {folder}, so they can change what agentos trusts",
            command=f"chmod go-w {surroundings.word(folder)}",
        )
    else:
        yield ok("user config", f"only you can write to {folder}")


def check_sockets(surroundings: Surroundings) -> Iterator[Finding]:
    """A folder for the socket of a run: one of two is enough."""
    problems: list[tuple[Path, OSError | ConfigError]] = []
    try:
        bases = socket_bases(surroundings.environ)
    except ConfigError as error:
        yield fault_of("sockets", error, "export TMPDIR=/tmp")
        return
    for base in bases:
        try:
            check_base(base)
        except (OSError, ConfigError) as error:
            problems.append((base, error))
        else:
            yield ok("sockets", f"a run's socket can lie in {base}")
            return
    base, problem = problems[-1]
    if isinstance(problem, ConfigError):
        yield fault_of("sockets", problem, "export TMPDIR=/tmp")
    else:
        yield fault(
            "sockets",
            f"no folder for a run's socket can be made in {base}: {problem.strerror}",
            command="export TMPDIR=/tmp",
        )


def _is_backlogs(link: Path, root: Path) -> bool:
    return link.relative_to(root).parts[0] in {ISSUES, IDEAS}


def _link(surroundings: Surroundings, subject: str, error: UnsafePathError) -> Finding:
    if error.link is None:
        return fault_of(subject, error)
    hint = f"{error.hint}; {links.target(error.link)}"
    return fault(subject, str(error), hint=hint, command=f"rm {surroundings.word(error.link)}")


def _unwritable(
    surroundings: Surroundings, subject: str, folder: Path, what: str = "cannot be written"
) -> Finding:
    return fault(
        subject,
        f"{surroundings.name(folder)} {what}: it is closed to you",
        command=opened(surroundings, folder),
    )


def _made_usable(surroundings: Surroundings, state: StatePaths) -> str:
    """What makes the state folder usable: it, what lies in it, or the folder that it goes into."""
    for folder in (state.root, state.checkpoints, state.runs.parent, state.runs):
        if os.path.lexists(folder) and not folder.is_dir():
            return surroundings.set_aside(folder)
    nearest = nearest_existing(state.root)
    if nearest != state.root:
        return opened(surroundings, nearest)
    return opened_below(surroundings, nearest)
