"""What a page finds when its first command is typed: a home, a project in it, and no network."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from agentos.testing import LoopbackServer

CLONE = Path(__file__).parents[2]
SAMPLE = CLONE / "examples" / "shelf"

HOME_ON_PAGES = "/home/ada"
"""How pages write the reader's home folder."""

_NOT_CLONED = (".git", ".venv*", ".*_cache", ".coverage*", ".hypothesis", "__pycache__", "build")
_NOT_COPIED = shutil.ignore_patterns(".agentos", "__pycache__")


def prepare(words: str, home: Path) -> Path:
    """The folder in which a page with this `project` mark begins, below `home`."""
    name, *details = words.split()
    return _PROJECTS[name](home / "src", details)


def surroundings(home: Path, scratch: Path, urls: Mapping[str, str]) -> dict[str, str]:
    """The environment: nothing of the tester's own, and proxies that nobody answers."""
    nobody = "http://127.0.0.1:9"
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin")),
        "HOME": str(home),
        "USER": "ada",
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "NO_COLOR": "1",
        "TMPDIR": str(scratch),
        "AGENTOS_EMBEDDED_LATENCY": "0",  # which `make demo` would set otherwise
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "HTTP_PROXY": nobody,
        "HTTPS_PROXY": nobody,
        "NO_PROXY": "127.0.0.1,localhost",
        **urls,
    }


def provider_urls(server: LoopbackServer) -> dict[str, str]:
    """The variables that point all providers to the loopback one."""
    return {
        "ANTHROPIC_BASE_URL": server.base_url("anthropic"),
        "OPENAI_BASE_URL": server.base_url("openai"),
        "GOOGLE_GEMINI_BASE_URL": server.base_url("gemini"),
    }


def _empty(folder: Path, _details: list[str]) -> Path:
    project = folder / "notes"
    project.mkdir(parents=True)
    return project


def _shelf(folder: Path, numbers: list[str]) -> Path:
    """The sample project, with these issues only if any are named."""
    project = folder / "shelf"
    shutil.copytree(SAMPLE, project, ignore=_NOT_COPIED)
    for issue in (project / "issues").iterdir():
        if numbers and issue.name.partition("-")[0].lstrip("0") not in numbers:
            issue.unlink()
    return project


def _clone(folder: Path, _details: list[str]) -> Path:
    """A clone as it is after its installation: the environment of the tests stands for its own."""
    clone = folder / "agentos"
    shutil.copytree(CLONE, clone, ignore=shutil.ignore_patterns(*_NOT_CLONED), symlinks=True)
    environment = clone / ".venv"
    environment.mkdir()
    (environment / "bin").symlink_to(Path(sys.executable).parent)
    for name in ("installed", "installed-dev"):
        (environment / name).touch()  # newer than pyproject.toml: nothing is installed again
    return clone


def _house(folder: Path, _details: list[str]) -> Path:
    """A package of the reader's own with an entry point, as `pip install` leaves it."""
    project = _empty(folder, [])
    info = project / "agentos_house-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: agentos-house\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[agentos.models]\nhouse = agentos_house:PROVIDER\n")
    return project


_PROJECTS: Mapping[str, Callable[[Path, list[str]], Path]] = {
    "empty": _empty,
    "shelf": _shelf,
    "clone": _clone,
    "house": _house,
}
