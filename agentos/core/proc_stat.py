"""What Linux tells of a process in /proc/PID/stat, see proc(5)."""

from pathlib import Path
from typing import NamedTuple


class ProcStat(NamedTuple):
    """A process as it was at one moment."""

    session: int
    start: int
    """Ticks of the kernel since the machine's start."""
    is_zombie: bool
    has_memory: bool
    """Not in the moment in which it becomes another program, or ends."""


def proc_stat(pid: int) -> ProcStat:
    """Read what is told of a process; raises OSError for one that is gone."""
    # The second field is a name, which may hold anything; from the third on they are words.
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return ProcStat(
        session=int(fields[6 - 3]),
        start=int(fields[22 - 3]),
        is_zombie=fields[0] == b"Z",
        has_memory=fields[51 - 3] != b"0",  # where its environment ends
    )
