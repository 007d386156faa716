import errno
import os

import pytest

from agentos.core.shortage import no_room, shortage


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), os.strerror(errno.ENOMEM)),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "a file"), os.strerror(errno.EMFILE)),
        (OSError(errno.ENFILE, os.strerror(errno.ENFILE)), os.strerror(errno.ENFILE)),
        (RuntimeError("a fault of our own"), ""),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ""),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), ""),
        (ValueError("x"), ""),
    ],
)
def test_what_ran_out(error: Exception, told: str) -> None:
    assert shortage(error) == told


def test_what_an_item_is_told() -> None:
    assert no_room(MemoryError()) == "the machine has no room for it: out of memory"
    assert no_room(ValueError()) == ""
