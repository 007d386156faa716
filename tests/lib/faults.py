"""How tests bring faults about in the installed command, and what has to be true afterwards."""

import json
from collections import Counter
from pathlib import Path

from command import Workspace, wait_until

SLOW = {"AGENTOS_EMBEDDED_LATENCY": "1"}
"""Calls that take long enough to be interrupted."""

ENDLESS = {"AGENTOS_EMBEDDED_LATENCY": "60"}
"""Calls that are never answered as far as a test is concerned."""


def patched(folder: Path, source: str) -> str:
    """A folder for PYTHONPATH whose sitecustomize runs `source` in every process."""
    place = folder / "patched"
    place.mkdir()
    (place / "sitecustomize.py").write_text(source)
    return str(place)


def wait_for_a_draft(shelf: Workspace) -> None:
    """Return when a child has a step on disk that cost a model call."""
    wait_until(
        lambda: (
            shelf.runs and any("draft" in steps for steps in shelf.steps("step_finished").values())
        ),
        "a draft is finished",
    )


def wait_for_drafting(shelf: Workspace, *labels: str) -> None:
    """Return when each of the items waits for the model."""
    wait_until(
        lambda: (
            shelf.runs
            and all("draft" in shelf.steps("step_started").get(label, ()) for label in labels)
        ),
        f"{labels} are drafted",
    )


def outcomes(shelf: Workspace) -> Counter[str]:
    """How many items ended how, by the index."""
    index = json.loads((shelf.root / "docs/lld/lld-status.json").read_text())["items"]
    return Counter(entry["outcome"] for entry in index.values())


def most_at_once(shelf: Workspace, run: Path) -> int:
    """How many items, at the most, had a child of theirs and had not ended yet."""
    running: set[str] = set()
    most = 0
    for event in shelf.events(run):
        if event["event"] == "child_started":
            running.add(event["item"])
            most = max(most, len(running))
        elif event["event"] == "item_finished":
            running.discard(event["item"])
    return most


def assert_resumes(shelf: Workspace, approved: int = 11, thin: int = 3) -> None:
    """The same command again finishes every item, and repeats no finished step."""
    assert shelf.journals
    assert_finishes(shelf, approved, thin)
    assert shelf.steps("step_restored")


def assert_finishes(shelf: Workspace, approved: int, thin: int = 0) -> None:
    """The command finishes what is left; each item ends once, and no step ever ran twice."""
    code, output = shelf.run("parallel", "lld", "--all", "-j", "5")
    assert code == (3 if thin else 0), output
    assert outcomes(shelf) == Counter(approved=approved, needs_revision=thin)
    assert shelf.journals == []
    shelf.assert_no_step_ran_twice()
