"""How agentos was installed: by what name a shell calls it, and how a package is added to it."""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agentos.core.shell import quoted

_PROGRAM = "agentos"
_UVX_FOLDERS = ("archive-v", "environments-v")  # of uv's cache, where nothing is to be changed


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment: its interpreter, its folder, and what it has.

    `source` is what agentos was installed from, a path or a URL; `path` is the shell's PATH.
    `is_systems` is an environment that belongs to the system's own package manager.
    """

    python: str
    prefix: Path
    path: str
    source: str = ""
    has_pip: bool = True
    has_ensurepip: bool = False
    is_systems: bool = False

    @property
    def program(self) -> str:
        """What a shell calls agentos by, in such a way that it is this one."""
        if self._is_uvx:
            return f"uvx --from {quoted(self.source)} {_PROGRAM}"
        own = Path(self.python).parent / _PROGRAM
        if not own.is_file():
            return f"{quoted(self.python)} -m {_PROGRAM}"
        found = shutil.which(_PROGRAM, path=self.path)
        return _PROGRAM if found and own.samefile(found) else quoted(str(own))

    def install(self, requirement: str) -> str:
        """The command that adds a package, in the place of another version if one is there."""
        python, package = quoted(self.python), quoted(requirement)
        if self._is_pipxs:
            # Without the flag pipx leaves another version alone, and ends as if all were well.
            return f"pipx inject --force {quoted(self.prefix.name)} {package}"
        if self._is_uvx:
            return f"uvx --from {quoted(self.source)} --with {package} {_PROGRAM} doctor"
        if self.has_pip:
            flag = "--break-system-packages " if self.is_systems else ""
            return f"{python} -m pip install {flag}{package}"
        if self.has_ensurepip and not self._is_uvs:
            return f"{python} -m ensurepip && {python} -m pip install {package}"
        return f"uv pip install --python {python} {package}"

    def uninstall(self, package: str) -> str:
        """The command that takes a package out."""
        python, name = quoted(self.python), quoted(package)
        if self._is_pipxs:
            return f"pipx uninject {quoted(self.prefix.name)} {name}"
        if self.has_pip:
            return f"{python} -m pip uninstall --yes {name}"
        return f"uv pip uninstall --python {python} {name}"

    @property
    def _is_pipxs(self) -> bool:
        return (self.prefix / "pipx_metadata.json").is_file()

    @property
    def _is_uvx(self) -> bool:
        return bool(self.source) and self.prefix.parent.name.startswith(_UVX_FOLDERS)

    @property
    def _is_uvs(self) -> bool:
        try:
            lines = (self.prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            lines = []
        by_uv = any(line.partition("=")[0].strip() == "uv" for line in lines)
        return by_uv or shutil.which("uv", path=self.path) is not None


def this_installation(environ: Mapping[str, str]) -> Installation:
    """The one that is running."""
    in_venv = sys.prefix != sys.base_prefix
    marker = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    return Installation(
        python=sys.executable,
        prefix=Path(sys.prefix),
        path=environ.get("PATH", os.defpath),
        source=_source(),
        has_pip=importlib.util.find_spec("pip") is not None,
        has_ensurepip=importlib.util.find_spec("ensurepip") is not None,
        is_systems=not in_venv and marker.is_file(),
    )


def install_command(requirement: str) -> str:
    """What to type so that the environment that is running has the package."""
    return this_installation(os.environ).install(requirement)


def _source() -> str:
    """What pip, pipx or uv wrote down when they installed it; empty for an index."""
    try:
        url = json.loads(distribution(_PROGRAM).read_text("direct_url.json") or "{}").get("url", "")
    except (PackageNotFoundError, OSError, ValueError, AttributeError):
        return ""
    parts = urlsplit(str(url))
    return unquote(parts.path) if parts.scheme == "file" else str(url)
