"""Markdown files that become issues: copied from a folder of the user's, each with a number."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentos.backlog.files import as_text
from agentos.core.errors import UsageError
from agentos.core.files import read_regular
from agentos.core.identifiers import issue_number
from agentos.workspace.numbering import OwnName, give_numbers, issue_file_name, own_name

LARGEST = 1024 * 1024
"""Bytes that an issue may have."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file to be written to issues/: `source` and `target` are names without a folder."""

    source: str
    target: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What is to be copied; and of what is not, which issue it is, or which file it equals."""

    copies: tuple[Copy, ...]
    there: Mapping[str, str]
    twins: Mapping[str, str]


def read_adoptable(
    folder: Path, is_wanted: Callable[[str], bool]
) -> tuple[dict[str, bytes], list[str]]:
    """The content of each wanted file of `folder`, in alphabetical order, by name.

    Each that is a symlink, too long, empty or no UTF-8, or that cannot be read, is told of in the
    form `NAME: reason`. Raises UsageError for a folder that cannot be read.
    """
    try:
        names = [name for name in os.listdir(folder) if is_wanted(name)]
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror}", "name a folder of Markdown files"
        ) from None
    contents: dict[str, bytes] = {}
    left_out: list[str] = []
    for name in sorted(names, key=lambda name: (name.casefold(), name)):
        try:
            contents[name] = _read(folder / name)
        except OSError as error:
            left_out.append(f"{as_text(name)}: {error.strerror}")
        except ValueError as error:
            left_out.append(f"{as_text(name)}: {error}")
    return contents, left_out


def read_issues(folder: Path) -> dict[str, bytes | None]:
    """The content of each numbered file of issues/, None for one that cannot be read."""
    try:
        names = sorted(name for name in os.listdir(folder) if issue_number(name) is not None)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror}", "it has to be a folder that you may read"
        ) from None
    issues: dict[str, bytes | None] = dict.fromkeys(names)
    for name in names:
        with suppress(OSError, ValueError):
            issues[name] = _read(folder / name)
    return issues


def plan_adoption(found: Mapping[str, bytes], issues: Mapping[str, bytes | None]) -> AdoptionPlan:
    """What to copy of `found` to where there are `issues`; both are contents by name.

    A file stands for an issue, and is not copied again, if it has its content or its slug: the
    copy may have been edited since. Each issue is the copy of one file at most by its slug. Of
    files with one content the first is copied. Raises UsageError where no number is left.
    """
    there = _same_content(found, issues)
    others = [name for name in found if name not in there]
    there |= _same_slug(others, issues, set(there.values()))
    firsts: dict[bytes, str] = {}
    for name in (one for one in found if one not in there):
        firsts.setdefault(found[name], name)
    twins = {
        name: firsts[content]
        for name, content in found.items()
        if name not in there and firsts[content] != name
    }
    numbers = give_numbers(firsts.values(), numbers_of(issues))
    copies = (
        Copy(name, issue_file_name(number, own_name(name)), found[name])
        for name, number in numbers.items()
    )
    return AdoptionPlan(tuple(copies), there, twins)


def numbers_of(issues: Iterable[str]) -> set[int]:
    """The numbers that these file names have."""
    return {int(number) for name in issues if (number := issue_number(name))}


def _same_content(found: Mapping[str, bytes], issues: Mapping[str, bytes | None]) -> dict[str, str]:
    by_content: dict[bytes | None, str] = {}
    for name, content in issues.items():
        by_content.setdefault(content, name)
    return {name: by_content[text] for name, text in found.items() if text in by_content}


def _same_slug(
    names: Collection[str], issues: Iterable[str], matched: Collection[str]
) -> dict[str, str]:
    """The issue that each name stands for: first those of its number, then of the slug alone."""
    left = {issue: _parts(issue) for issue in issues if issue not in matched}
    there: dict[str, str] = {}
    for needs_number in (True, False):
        for name in names:
            own = own_name(name)
            if name in there or not (own.slug or needs_number):
                continue
            same = (
                issue
                for issue, other in left.items()
                if other.slug == own.slug and (other.number == own.number or not needs_number)
            )
            if issue := next(same, None):
                there[name] = issue
                del left[issue]
    return there


def _parts(issue: str) -> OwnName:
    """An issue is called as the backlog reads it: `2024-01-15.md` has the number 2024."""
    return OwnName(int(issue_number(issue) or 0), issue.removesuffix(".md").partition("-")[2])


def _read(path: Path) -> bytes:
    """Raises OSError, or ValueError with a reason, for what cannot be an issue."""
    if path.is_symlink():
        raise ValueError("it is a symlink")
    content = read_regular(path, most=LARGEST)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if not text.strip():
        raise ValueError("it is empty")
    return content
