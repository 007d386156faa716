"""Looks at real processes."""

import psutil


def is_gone(pid: int) -> bool:
    """Whether it does nothing any more; a zombie only waits for somebody to take its status."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
