"""Watches how much memory each supervisor takes that a test has started, however it did that."""

import contextlib
import os
from pathlib import Path

from watch import Watch

_PAUSE = 0.05
"""Seconds between two looks; the kernel keeps the peak, so only the last growth is missed."""

_PROC = Path("/proc")


class PeakWatch(Watch):
    """Looks at all below this process; Linux only, elsewhere it sees nothing."""

    pause = _PAUSE

    def __init__(self) -> None:
        super().__init__()
        self.peaks: dict[int, int] = {}  # bytes, by pid

    @property
    def highest(self) -> int:
        """Bytes; 0 where no supervisor was seen."""
        return max(self.peaks.values(), default=0)

    def look(self) -> None:
        """At all that take part now."""
        self._look_below(_PROC / str(os.getpid()))

    def _look_below(self, process: Path) -> None:
        for child in _children(process):
            with contextlib.suppress(OSError):
                if not _is_supervisor(child):
                    self._look_below(child)
                elif peak := _peak(child):
                    self.peaks[int(child.name)] = peak


def _children(process: Path) -> list[Path]:
    """Of each of its threads."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        for thread in (process / "task").iterdir():
            found += (thread / "children").read_text().split()
    return [_PROC / pid for pid in found]


def _is_supervisor(process: Path) -> bool:
    """Whether it is `python -m agentos ...`."""
    words = (process / "cmdline").read_bytes().split(b"\0")
    return b"python" in words[0] and words[1:3] == [b"-m", b"agentos"]


def _peak(process: Path) -> int:
    """The most bytes that it ever held; 0 for a zombie."""
    _, _, found = (process / "status").read_text().partition("VmHWM:")
    return int(found.split()[0]) * 1024 if found else 0
