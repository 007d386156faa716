"""What Linux tells of a process in /proc/PID/stat, see proc(5)."""

from pathlib import Path


def stat_fields(pid: int) -> list[bytes]:
    """The fields from the third on, the state: before it stands a name that may hold anything.

    Raises OSError for a process that is gone.
    """
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
