"""Numbers of issue files: those that several share, and those that are missing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agentos.backlog.files import backlog_files, shown
from agentos.backlog.strays import strays_of
from agentos.core.identifiers import issue_number
from agentos.core.paths import ISSUES
from agentos.diagnosis.finding import Finding, fault
from agentos.diagnosis.surroundings import Surroundings
from agentos.workspace.numbering import give_numbers, issue_file_name, own_name

_MOST_TYPED = 4  # files that one line renames; of more, `agentos init` does them all


def shared_numbers(surroundings: Surroundings, subject: str) -> Iterator[Finding]:
    """A fault for each number that several files have; the first by name keeps it."""
    root = surroundings.project.root
    by_number: dict[int, list[Path]] = {}
    for file in _numbered(root):
        by_number.setdefault(_number(file), []).append(file)
    too_many = [file for same in by_number.values() for file in same[1:]]
    given = give_numbers([file.name for file in too_many], by_number)
    for number, same in by_number.items():
        if len(same) > 1:
            names = " and ".join(shown(file, root) for file in same)
            yield fault(
                subject,
                f"Issue {number} exists more than once: {names}",
                hint="give each of these files a number of its own",
                command=" && ".join(
                    _renamed(surroundings, file, given[file.name]) for file in same[1:]
                ),
            )


def unnumbered(folder: Path) -> list[str]:
    """Names of the Markdown files that could be issues but for the number; raises OSError."""
    return [name for name in strays_of(folder).markdown if issue_number(name) is None]


def numbering(surroundings: Surroundings, names: Sequence[str]) -> str:
    """The command that makes issues of these files of issues/, as `agentos init` would."""
    folder = surroundings.project.root / ISSUES
    if len(names) > _MOST_TYPED:
        return surroundings.agentos("init", "--adopt", surroundings.typed(folder))
    taken = {_number(file) for file in _numbered(surroundings.project.root)}
    given = give_numbers(names, taken)
    return " && ".join(_renamed(surroundings, folder / name, given[name]) for name in names)


def _numbered(root: Path) -> list[Path]:
    folder = root / ISSUES
    return backlog_files(folder, root, lambda name: issue_number(name) is not None)[0]


def _number(file: Path) -> int:
    return int(issue_number(file.name) or 0)


def _renamed(surroundings: Surroundings, file: Path, number: int) -> str:
    new = file.with_name(issue_file_name(number, own_name(file.name)))
    return f"mv {surroundings.word(file)} {surroundings.word(new)}"
