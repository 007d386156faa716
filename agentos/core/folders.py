"""What a rename needs to outlive a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Put names that were added to, changed in or removed from `folder` on disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
