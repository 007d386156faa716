"""What is looked at, and how a shell in the user's folder is told about it."""

import itertools
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agentos.core.config.credentials import ReadKeyring
from agentos.core.errors import ConfigError
from agentos.core.installation import Installation
from agentos.core.paths import user_config_folder
from agentos.core.shell import quoted
from agentos.vault.system_keyring import asked_once, read_secret
from agentos.workspace.configuration import Layers, read_layers
from agentos.workspace.project import Project


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A project as it is met from the folder `here`, in that environment, by that agentos.

    All looks share `read_keyring`, so that the keyring is asked once for each key.
    """

    project: Project
    environ: Mapping[str, str]
    here: Path
    installation: Installation
    read_keyring: ReadKeyring = field(default_factory=lambda: asked_once(read_secret))

    @property
    def config_folder(self) -> Path:
        """The user's; raises ConfigError where there is no home."""
        return user_config_folder(self.environ)

    def layers(self) -> Layers | None:
        """All settings; None where they cannot be read, which the look at the settings tells."""
        try:
            return read_layers(self.project.root, self.environ)
        except ConfigError:
            return None

    def name(self, path: Path) -> str:
        """The path for a sentence: as it lies in the project, if it does."""
        inside = path != self.project.root and path.is_relative_to(self.project.root)
        return str(path.relative_to(self.project.root) if inside else path)

    def word(self, path: Path) -> str:
        """The path as a word of a command that is typed in `here`."""
        return quoted(self.typed(path))

    def typed(self, path: Path) -> str:
        """The same, before it is quoted."""
        if not path.is_relative_to(self.here):
            return str(path)
        relative = str(path.relative_to(self.here))
        return f"./{relative}" if relative.startswith("-") else relative

    def edit(self, path: Path) -> str:
        """The command that opens a file in the user's editor."""
        return f"${{EDITOR:-vi}} {self.word(path)}"

    def set_aside(self, path: Path) -> str:
        """The command that gives a file or folder another name beside it, and nothing is lost."""
        return f"mv {self.word(path)} {self.word(free(path.with_name(f'{path.name}.aside')))}"

    def agentos(self, *words: str, in_project: bool = True) -> str:
        """A command of our own; one that is about a project names it where that is not `here`."""
        line = " ".join([self.installation.program, *map(quoted, words)])
        if not in_project or self.project.root == self.here:
            return line
        return f"{line} --project {self.word(self.project.root)}"


def free(path: Path) -> Path:
    """The path itself, or the first with a number at its end, under which nothing lies."""
    names = (path.with_name(f"{path.name}{n or ''}") for n in itertools.count())
    return next(name for name in names if not os.path.lexists(name))


def nearest_existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that can be seen to be there."""
    for one in (path, *path.parents):
        with suppress(OSError):
            one.stat()
            return one
    return Path(path.anchor)
