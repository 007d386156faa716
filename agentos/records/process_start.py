"""When a process started, told so that nobody can take another one for it."""

from pathlib import Path

import psutil

from agentos.core.proc_stat import proc_stat
from agentos.core.systems import LINUX

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def process_start(pid: int) -> str:
    """The same for as long as it runs, and never that of another with its number.

    On Linux the kernel's count and the boot that it is of: a time of day would move whenever the
    clock is set. Empty for a process that is gone; a zombie has ended, but is not gone.
    """
    try:
        if LINUX:
            return f"{_BOOT_ID.read_text().strip()} {proc_stat(pid).start}"
        return str(psutil.Process(pid).create_time())
    except (OSError, psutil.Error):
        return ""
