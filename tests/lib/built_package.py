"""The package as it is given away: built from this clone, and environments to install it into."""

import os
import subprocess
import sys
import venv
from pathlib import Path

CLONE = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
"""Where the tools of the development environment are."""

_NOT_LENT = ("__pycache__", "__editable__", "_editable", "agentos", "pip")


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """Run a command that has to work; gives what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**_environment(), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def build(source: Path, into: Path, *what: str) -> list[Path]:
    """Build `what` (`--wheel`, `--sdist`, or both by default) from the folder or archive."""
    run(BIN / "python", "-m", "build", *what, "--outdir", into, source, cwd=into.parent)
    return sorted(into.iterdir())


def empty_environment(folder: Path) -> Path:
    """A new virtual environment with pip and nothing else; gives its `bin`."""
    venv.create(folder, with_pip=True, symlinks=True)
    return folder / "bin"


def lending_environment(folder: Path) -> Path:
    """One that sees the packages of the development environment but for agentos itself.

    What agentos depends on need not be fetched, and agentos is what is installed into it.
    """
    found = empty_environment(folder)
    site = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    lent = folder / "lent"
    lent.mkdir()
    for entry in site.iterdir():
        if not entry.name.startswith(_NOT_LENT) and entry.suffix != ".pth":
            (lent / entry.name).symlink_to(entry)
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "lent.pth").write_text(f"{lent}\n")
    return found


def _environment() -> dict[str, str]:
    """The caller's, without what would measure or change other interpreters."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE", "PYTHON", "VIRTUAL_ENV", "AGENTOS_"))
    }
