"""What `agentos init` ends with: the commands to be typed next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agentos.backlog.hints import init_command, typed
from agentos.core.items import Kind
from agentos.workspace.places import Place

_MOST = 3
_GAP = 3


def next_steps(
    project: Path, *, kind: Kind | None, left: Sequence[Place], missing: Sequence[str]
) -> list[str]:
    """Lines for a screen: first the commands that the model is `missing`, then three at most.

    `kind` is that of the items, None where there are none yet; `left` are folders whose files are
    no issues yet.
    """
    lines = ["", "First:", *(f"  {command}" for command in missing)] if missing else []
    steps = [*_adopting(project, left), *_working(project, kind)]
    steps.append((typed("agentos doctor", project), "whether anything else is missing"))
    column = max(len(command) for command, _ in steps[:_MOST]) + _GAP
    lines += ["", "Next:"]
    return lines + [f"  {command:{column}}{says}" for command, says in steps[:_MOST]]


def _adopting(project: Path, left: Sequence[Place]) -> Iterator[tuple[str, str]]:
    for place in left[:1]:
        what = "numbers them" if place.holds_issues else "copies them to issues/, numbered"
        yield init_command(project, place.folder), what


def _working(project: Path, kind: Kind | None) -> Iterator[tuple[str, str]]:
    if kind is None:
        return
    batch = f"agentos parallel {kind} --all"
    yield typed(f"{batch} --dry-run", project), "what would be done; writes nothing"
    is_lld = kind is Kind.LLD
    what = "a design document for each open issue" if is_lld else "an issue for each open brief"
    yield typed(batch, project), what
