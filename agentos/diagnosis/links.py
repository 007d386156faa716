"""Symlinks where agentos wants the thing itself: where they lead, and what to put in their place.

What a link leads to is never touched, and copied only if it is Markdown: a project's link may lead
to anything that its user can read.
"""

from pathlib import Path

from agentos.diagnosis.surroundings import Surroundings


def target(link: Path) -> str:
    """Where the link leads, for a hint."""
    try:
        return f"it leads to {link.readlink()}"
    except OSError:
        return ""


def file_in_place(surroundings: Surroundings, link: Path) -> str:
    """The command that puts the Markdown file in the place of the link to it, or nothing."""
    here, there = surroundings.word(link), _resolved(link)
    if there is None or there.suffix != ".md" or not there.is_file():
        return f"rm {here}"
    return f"rm {here} && cp {surroundings.word(there)} {here}"


def folder_in_place(surroundings: Surroundings, link: Path) -> str:
    """The same for a folder, with the Markdown files that are in it."""
    here, there = surroundings.word(link), _resolved(link)
    command = f"rm {here} && mkdir {here}"
    if there is None or not there.is_dir() or not any(there.glob("*.md")):
        return command
    return f"{command} && cp {surroundings.word(there)}/*.md {here}"


def _resolved(link: Path) -> Path | None:
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
