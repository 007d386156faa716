"""The packages that agentos itself needs, and the providers of models that are installed."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from agentos import __version__
from agentos.core.errors import ConfigError
from agentos.diagnosis.finding import Finding, fault, fault_of, ok, warning
from agentos.diagnosis.surroundings import Surroundings
from agentos.models.registry import installed, load_provider

_SUBJECT = "packages"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*>=\s*(?P<least>[0-9.]+)")


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Every requirement of ours, then every provider."""
    findings = [*_requirements(surroundings), *_providers(surroundings)]
    yield from findings or [ok(_SUBJECT, f"agentos {__version__} and what it needs")]


def missing(requirements: Iterable[str]) -> Iterator[str]:
    """Those that are not met; extras are not looked at, nor versions but the least."""
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is None or ";" in requirement:
            continue
        try:
            found = version(match["name"])
        except PackageNotFoundError:
            found = ""
        if _numbers(found) < _numbers(match["least"]):
            yield requirement


def _requirements(surroundings: Surroundings) -> Iterator[Finding]:
    try:
        ours = requires("agentos") or []
    except PackageNotFoundError:
        ours = []  # run from its source: what finds no models says so
    for requirement in missing(ours):
        yield fault(
            _SUBJECT,
            f"agentos needs {requirement}, which is missing or of another version",
            command=surroundings.installation.install(requirement),
        )


def _providers(surroundings: Surroundings) -> Iterator[Finding]:
    try:
        entries = installed()
    except ConfigError as error:
        yield fault_of(_SUBJECT, error)
        return
    for name, entry in entries.items():
        try:
            load_provider(entry.value)
        except ConfigError as error:
            package = entry.dist.name if entry.dist else name
            yield warning(
                _SUBJECT,
                str(error),
                hint=f"its models cannot be used; {package} brings it",
                command=surroundings.installation.uninstall(package),
            )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
