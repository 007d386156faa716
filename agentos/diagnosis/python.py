"""The Python and the system that agentos runs on."""

import platform
import sys
from collections.abc import Iterator

from agentos.diagnosis.finding import Finding, fault, ok, warning
from agentos.diagnosis.surroundings import Surroundings

_SUBJECT = "python"
_LEAST = (3, 11)
_SYSTEMS = ("Linux", "Darwin")


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Version, word size and system, those of the running one."""
    findings = list(judged(sys.version_info[:3], sys.maxsize.bit_length() + 1, platform.system()))
    where = f"{platform.python_version()}, {surroundings.installation.prefix}"
    yield from findings or [ok(_SUBJECT, where)]


def judged(version: tuple[int, ...], bits: int, system: str) -> Iterator[Finding]:
    """What is wrong with a Python of that version and word size on that system."""
    if version < _LEAST:
        found, least = (".".join(map(str, one)) for one in (version, _LEAST))
        yield fault(
            _SUBJECT,
            f"this is Python {found}, and agentos needs {least} or newer",
            hint="install agentos into an environment of a newer one",
        )
    if system not in _SYSTEMS:
        yield fault(
            _SUBJECT,
            f"agentos runs on Linux and macOS, not on {system}",
            hint="on Windows use WSL",
        )
    if bits < 64:
        yield warning(_SUBJECT, f"this Python has {bits} bits, which a large run may find too few")
