"""What the machine or the user may run out of under any of our steps, told from our own faults."""

import errno

NO_ROOM_EXIT_CODE = 75
"""Of a child that could not even report why: `EX_TEMPFAIL` of sysexits.h."""

SHORT = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Numbers of errors: no memory, no open file for the process or for the machine."""

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of errors: no room on the disk, or none left of the user's share of it."""


def shortage(error: BaseException) -> str:
    """What there was none of, in words; empty where the error is another.

    Python has no type of its own for a thread that cannot be started.
    """
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return str(error)
    if isinstance(error, OSError) and error.errno in SHORT:
        return error.strerror or str(error)
    return ""


def no_room(error: BaseException) -> str:
    """Why an item cannot be worked on now, which may pass; empty where the error is another."""
    lacks = shortage(error)
    return f"the machine has no room for it: {lacks}" if lacks else ""
