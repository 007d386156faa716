"""What lies below folders, to see that nothing of it was changed."""

from pathlib import Path


def snapshot(*folders: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time of change and content of everything below the folders."""
    found = {}
    for folder in folders:
        for path in sorted([folder, *folder.rglob("*")]):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found
