"""Commands for people to type, so written that they work where the people are."""

import os
import shlex
from pathlib import Path


def typed(command: str, project: Path) -> str:
    """The command, with `--project` unless that is the folder that the user is in."""
    folder = _from_here(project)
    return command if folder == "." else f"{command} --project {shlex.quote(folder)}"


def init_command(project: Path, adopt: str) -> str:
    """What has the Markdown files of a folder numbered; `adopt` is below the project."""
    return typed(f"agentos init --adopt {shlex.quote(_from_here(project / adopt))}", project)


def _from_here(path: Path) -> str:
    """The path as it is typed in the folder that the user is in, `.` for that folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # that folder is gone, or elsewhere
        return os.path.normpath(path)
