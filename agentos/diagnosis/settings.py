"""The files and variables in which something is set, and whether the project's own count."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from agentos.core.config.settings import (
    PROJECT_FILE,
    USER_FILE,
    from_environment,
    from_project,
    from_user,
)
from agentos.core.config.trust import TRUST_FILE, TrustStore
from agentos.core.errors import ConfigError, TrustError
from agentos.diagnosis.access import is_readable, opened
from agentos.diagnosis.finding import Finding, fault_of, ok
from agentos.diagnosis.surroundings import Surroundings
from agentos.models.registry import installed, load_provider

_SUBJECT = "settings"
_TRUST = "trust"


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Each place by itself, so that one that is broken does not hide the next."""
    folder = surroundings.config_folder
    places: list[Callable[[], Iterator[Finding]]] = [
        lambda: _variables(surroundings),
        lambda: _file(surroundings, folder / USER_FILE, lambda: from_user(folder)),
        lambda: _project(surroundings, TrustStore(folder)),
    ]
    findings = [finding for place in places for finding in place()]
    yield from findings or [ok(_SUBJECT, _where(surroundings))]


def check_trust(surroundings: Surroundings) -> Iterator[Finding]:
    """The list of trusted projects, and whether this one has to be in it."""
    store = TrustStore(surroundings.config_folder)
    try:
        store.trusts(surroundings.project.root, "")
    except ConfigError as error:
        damaged = surroundings.config_folder / TRUST_FILE
        readable = is_readable(damaged)
        command = f"rm {surroundings.word(damaged)}" if readable else opened(surroundings, damaged)
        yield fault_of(_TRUST, error, command)
        return
    try:
        config = from_project(surroundings.project.root, store)
    except ConfigError:
        return  # told above
    try:
        config.check_trust()
    except TrustError as error:
        yield fault_of(_TRUST, error, surroundings.agentos("config", "trust"))
        return
    yield ok(_TRUST, "the project sets nothing that would need it, or is trusted")


def _variables(surroundings: Surroundings) -> Iterator[Finding]:
    """One variable after the other: those that are read are known to `from_environment` alone."""
    urls = {}
    for name, entry in installed().items():
        with suppress(ConfigError):  # somebody else's, and broken: the look at packages tells
            if variable := load_provider(entry.value).base_url_variable:
                urls[name] = variable
    for name, value in sorted(surroundings.environ.items()):
        try:
            from_environment({name: value}, urls)
        except ConfigError as error:
            yield fault_of(_SUBJECT, error, f"unset {name}")


def _file(surroundings: Surroundings, path: Path, read: Callable[[], object]) -> Iterator[Finding]:
    try:
        read()
    except ConfigError as error:
        yield fault_of(_SUBJECT, error, _mend(surroundings, path))


def _project(surroundings: Surroundings, store: TrustStore) -> Iterator[Finding]:
    root = surroundings.project.root
    own, shared = root / PROJECT_FILE, root / "pyproject.toml"
    try:
        from_project(root, store)
    except ConfigError as error:
        sentence = str(error)
        if sentence.startswith(f"both {own} "):
            yield fault_of(_SUBJECT, error, surroundings.set_aside(own))
        elif not sentence.startswith(str(surroundings.config_folder)):  # the trust's own look
            path = shared if sentence.startswith(str(shared)) else own
            yield fault_of(_SUBJECT, error, _mend(surroundings, path))


def _mend(surroundings: Surroundings, path: Path) -> str:
    if not is_readable(path):
        return opened(surroundings, path)
    return surroundings.edit(path) if path.is_file() else surroundings.set_aside(path)


def _where(surroundings: Surroundings) -> str:
    layers = surroundings.layers()
    sources = {one.source for one in layers.settings} if layers else set()
    names = [surroundings.name(Path(one)) for one in sources if Path(one).is_absolute()]
    names += [one for one in sources if one in surroundings.environ]
    return f"from {', '.join(sorted(names))}" if names else "nothing is set, the defaults count"
