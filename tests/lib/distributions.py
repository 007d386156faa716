"""What is packed of the project, built and installed as users do it, in folders of our own."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path, PurePosixPath

CLONE = Path(__file__).parents[2]

PATIENCE = 300.0
"""Seconds until a command counts as stuck; a slow package index is no defect."""

STRAYS = (
    ".agentos/index.json",
    ".coverage.host",
    ".venv/bin/agentos",
    "agentos/__pycache__/child.cpython-311.pyc",
    "agentos/cli/.agentos/lock",
    "build/docs/index.html",
    "dist/agentos-0.0.0.tar.gz",
    "docs/.agentos/lock",
    "examples/shelf/.agentos/lock",
    "keys-of-mine.txt",
)
"""What work leaves lying about in a clone, and what nobody may find in a package."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended; `output` is all that it printed."""

    code: int
    output: str


def run(*command: object, cwd: Path, environ: Mapping[str, str]) -> Finished:
    """Run it to its end, with nothing to read; its words may be paths."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return Finished(done.returncode, done.stdout)


def run_well(*command: object, cwd: Path, environ: Mapping[str, str]) -> str:
    """Run what has to succeed; gives what it printed."""
    done = run(*command, cwd=cwd, environ=environ)
    assert done.code == 0, (command, done.output)
    return done.output


def installers_environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Settings of this machine, by which an index is reached, with all that is kept in `folder`."""
    ours = ("AGENTOS_", "COVERAGE_", "PIPX_", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: value for name, value in environ.items() if not name.startswith(ours)} | {
        "PIPX_BIN_DIR": str(folder / "pipx-bin"),
        "PIPX_COMPLETION_DIR": str(folder / "pipx-completion"),
        "PIPX_DEFAULT_BACKEND": "pip",  # as where uv is not installed
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "PIPX_HOME": str(folder / "pipx"),
        "PIPX_MAN_DIR": str(folder / "pipx-man"),
        "PIP_CACHE_DIR": str(folder / "pip-cache"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "1",  # as pip does
        "UV_TOOL_DIR": str(folder / "uv-tools"),
    }


def copy_of_the_clone(folder: Path) -> Path:
    """The files that a commit of everything would hold, without git, and strays among them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CLONE,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (CLONE / name).is_file():  # one that is deleted stays listed until the commit
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CLONE / name, folder / name)
    for name in STRAYS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("left behind")
    return folder


@dataclass(frozen=True)
class Distributions:
    """An sdist and the wheel that was built from it; `source` is what the sdist was built from."""

    source: Path
    sdist: Path
    wheel: Path

    @cached_property
    def wheel_files(self) -> dict[str, bytes]:
        return files_of_wheel(self.wheel)

    @cached_property
    def sdist_files(self) -> dict[str, bytes]:
        """Its files, named from its one folder on."""
        found = {}
        with tarfile.open(self.sdist) as archive:
            for member in archive.getmembers():
                assert member.isfile(), f"{member.name} is no plain file"
                content = archive.extractfile(member)
                assert content is not None
                found[member.name] = content.read()
        top = {PurePosixPath(name).parts[0] for name in found}
        assert top == {self.sdist.name.removesuffix(".tar.gz")}
        return {name.partition("/")[2]: content for name, content in found.items()}

    @property
    def information(self) -> str:
        """The wheel's folder of metadata."""
        return f"{'-'.join(self.wheel.name.split('-')[:2])}.dist-info"

    @property
    def metadata(self) -> Message:
        return HeaderParser().parsestr(self.wheel_files[f"{self.information}/METADATA"].decode())

    def files_of_source(self, folders: Sequence[str]) -> dict[str, bytes]:
        """What the project itself has there, by name."""
        return {
            path.relative_to(self.source).as_posix(): path.read_bytes()
            for folder in folders
            for path in (self.source / folder).rglob("*")
            if path.is_file() and path.relative_to(self.source).as_posix() not in STRAYS
        }


def files_of_wheel(wheel: Path) -> dict[str, bytes]:
    """Its files with their content, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel in it, and an empty folder to use it from."""

    venv: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.venv / "bin/python"

    @property
    def command(self) -> Path:
        return self.venv / "bin/agentos"

    @property
    def environ(self) -> dict[str, str]:
        """A new user's, who has set nothing."""
        return {"PATH": os.defpath, "HOME": str(self.folder.parent / "home")}

    def run(self, *arguments: str, project: Path | None = None) -> Finished:
        """Run `agentos ARGUMENTS` in the project, or in the empty folder."""
        return run(self.command, *arguments, cwd=project or self.folder, environ=self.environ)
