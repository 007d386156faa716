"""What is closed to this user, and the command that opens it."""

import os
import stat
from pathlib import Path

from agentos.diagnosis.surroundings import Surroundings


def is_readable(path: Path) -> bool:
    """Whether the file can be read; of a folder, whether one can look into it."""
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False
    return os.access(path, os.R_OK | os.X_OK if is_folder else os.R_OK)


def is_writable(path: Path) -> bool:
    """The same for reading and writing."""
    return is_readable(path) and os.access(path, os.W_OK)


def opened(surroundings: Surroundings, path: Path) -> str:
    """What makes it readable and writable: a change of mode or owner, of what is closed first."""
    above = [one for one in reversed(path.parents) if os.path.lexists(one)]
    closed = next((one for one in above if not os.access(one, os.X_OK)), path)
    if closed.lstat().st_uid != os.geteuid():
        return f'sudo chown "$(id -un)" {surroundings.word(closed)}'
    return f"chmod u+rw{'x' if closed.is_dir() else ''} {surroundings.word(closed)}"


def opened_below(surroundings: Surroundings, folder: Path) -> str:
    """The same for a folder with all that lies in it."""
    if folder.stat().st_uid != os.geteuid():
        return f'sudo chown -R "$(id -un)" {surroundings.word(folder)}'
    return f"chmod -R u+rwX {surroundings.word(folder)}"
