"""Commands for people to type, so written that they work where the people are."""

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from agentos.core.paths import ACTIVE_BRIEFS, IDEAS

_MOST_TYPED = 20  # files that a command names; once it was typed, the next is about the rest


def typed(command: str, project: Path) -> str:
    """The command, with `--project` unless that is the folder that the user is in."""
    folder = _from_here(project)
    return command if folder == "." else f"{command} --project {shlex.quote(folder)}"


def init_command(project: Path, adopt: str) -> str:
    """What has the Markdown files of a folder numbered; `adopt` is below the project."""
    return typed(f"agentos init --adopt {shlex.quote(_from_here(project / adopt))}", project)


def moving_briefs(names: Sequence[str], word: Callable[[str], str]) -> str:
    """What puts Markdown files of ideas/ where briefs are looked for, over none that is there.

    `word` makes a word of the shell of a path in the project.
    """
    some = names[:_MOST_TYPED]
    active = word(ACTIVE_BRIEFS)
    plain = [word(f"{IDEAS}/{name}") for name in some if name.endswith(".md")]
    commands = [f"mkdir -p {active}", *([f"mv -n {' '.join(plain)} {active}"] if plain else [])]
    commands += [
        f"mv -n {word(f'{IDEAS}/{name}')} {word(f'{ACTIVE_BRIEFS}/{PurePath(name).stem}.md')}"
        for name in some
        if not name.endswith(".md")
    ]
    return " && ".join(commands)


def _from_here(path: Path) -> str:
    """The path as it is typed in the folder that the user is in, `.` for that folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # that folder is gone, or elsewhere
        return os.path.normpath(path)
