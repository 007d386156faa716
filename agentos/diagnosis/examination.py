"""All looks in their order. One that fails or hangs is a fault of its own, and the others go on."""

import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from agentos.core.errors import AgentosError
from agentos.core.items import Kind
from agentos.diagnosis import (
    backlog,
    credentials,
    disk,
    git,
    journals,
    models,
    packages,
    permissions,
    python,
    runs,
    settings,
)
from agentos.diagnosis.finding import Finding, Level, fault, fault_of
from agentos.diagnosis.surroundings import Surroundings
from agentos.workspace.configuration import configure, read_layers
from agentos.workspace.project import check_outputs
from agentos.workspace.survey import has_backlog, survey

Check = Callable[[Surroundings], Iterable[Finding]]

SECONDS = 20.0
"""How long one look may take: a disk of the network, or somebody else's package, may hang."""

CHECKS: Sequence[tuple[str, Check]] = (
    ("python", python.check),
    ("packages", packages.check),
    ("settings", settings.check),
    ("trust", settings.check_trust),
    ("models", models.check),
    ("credentials", credentials.check),
    ("backlog", backlog.check),
    ("index", backlog.check_index),
    ("documents", permissions.check_documents),
    ("state", permissions.check_state_folder),
    ("user config", permissions.check_config_folder),
    ("sockets", permissions.check_sockets),
    ("disk", disk.check),
    ("git", git.check),
    ("lock", runs.check_lock),
    ("leftovers", runs.check_leftovers),
    ("journals", journals.check),
)
"""Each with the subject that it is called by where it fails."""


def examine(
    surroundings: Surroundings,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    *,
    seconds: float = SECONDS,
) -> list[Finding]:
    """Everything that was found. Each check looks for `seconds` at the most, and never raises."""
    findings: list[Finding] = []
    faulty: set[str] = set()
    for subject, check in checks:
        found = list(_bounded(subject, check, surroundings, seconds))
        findings += found
        if any(finding.level is Level.FAULT for finding in found):
            faulty.add(subject)
    for check, looks in RUN_CHECKS:
        if not looks & faulty:
            findings += _bounded("run", check, surroundings, seconds)
    return findings


def check_run_items(surroundings: Surroundings) -> Iterator[Finding]:
    """What a run itself checks of items and documents: a fault if there is one to it."""
    project = surroundings.project
    try:
        for kind in Kind:
            if has_backlog(project, kind):
                check_outputs(project, kind)
                survey(project, kind, take_all=True)
    except AgentosError as error:
        yield fault_of("run", error)


def check_run_settings(surroundings: Surroundings) -> Iterator[Finding]:
    """The same of settings, models and keys."""
    try:
        layers = read_layers(surroundings.project.root, surroundings.environ)
        configure(layers, surroundings.environ, surroundings.read_keyring)
    except AgentosError as error:
        yield fault_of("run", error, _edit_settings(surroundings))


RUN_CHECKS: Sequence[tuple[Check, frozenset[str]]] = (
    (check_run_items, frozenset({"backlog", "index", "documents", "state", "leftovers"})),
    (
        check_run_settings,
        frozenset({"packages", "settings", "trust", "models", "credentials", "user config"}),
    ),
)
"""For what no look has found: each with the looks of which a fault would be told here once more."""


def _edit_settings(surroundings: Surroundings) -> str:
    """Open a file that sets something; the project's own, which may be new, if none does."""
    layers = surroundings.layers()
    if layers is None:
        return ""
    files = (path for one in layers.settings if (path := Path(one.source)).is_absolute())
    return surroundings.edit(next(files, layers.project.path))


def _bounded(
    subject: str, check: Check, surroundings: Surroundings, seconds: float
) -> Iterator[Finding]:
    """The findings of one check, in a thread that nobody waits for at the end."""
    found: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()

    def look() -> None:
        for finding in _guarded(subject, check, surroundings):
            found.put(finding)
        found.put(None)

    threading.Thread(target=look, daemon=True, name=f"look-{subject}").start()
    deadline = time.monotonic() + seconds
    try:
        while finding := found.get(timeout=max(deadline - time.monotonic(), 0)):
            yield finding
    except queue.Empty:
        yield fault(subject, f"this could not be looked at within {seconds:g} s")


def _guarded(subject: str, check: Check, surroundings: Surroundings) -> Iterator[Finding]:
    try:
        yield from check(surroundings)
    except AgentosError as error:
        yield fault_of(subject, error)
    except OSError as error:
        yield fault(subject, f"{error.filename} cannot be looked at: {error.strerror}")
    except BaseException as error:  # noqa: BLE001 - ours, or of a package that may do anything
        # Its text is not shown: it may quote much. Where it arose is what a report needs.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        yield fault(
            subject,
            f"an error of our own: {type(error).__name__} in {Path(frame.filename).name},"
            f" line {frame.lineno}",
            hint="please report it; everything else was looked at all the same",
        )
