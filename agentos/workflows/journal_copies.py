"""Copies of journals that a killed look at them left in the temporary folder."""

import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from agentos.workflows.journal_files import COPIES
from agentos.workflows.left_folders import left_folders

_LONGEST_LOOK = 600.0
"""Seconds; a journal is copied and read in moments."""


def sweep_copies() -> None:
    """Remove them; what cannot be removed stays."""
    with suppress(OSError):
        for folder in left_folders(Path(tempfile.gettempdir()), COPIES):
            if time.time() - folder.lstat().st_mtime > _LONGEST_LOOK:
                shutil.rmtree(folder, ignore_errors=True)
