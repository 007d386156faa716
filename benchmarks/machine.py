"""The machine that figures in real time were measured on: without it they say little."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """`load` is how many processes wanted a core in the last minute, on average."""

    cores: int
    load: float

    def __str__(self) -> str:
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{cores}, load {self.load:.1f} before"


def this_machine() -> Machine:
    """As it is now."""
    return Machine(os.cpu_count() or 1, os.getloadavg()[0])
