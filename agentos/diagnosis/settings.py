"""The files and variables in which something is set, and whether the project's own count."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from agentos.core.config.settings import (
    PROJECT_FILE,
    SHARED_FILE,
    USER_FILE,
    from_environment,
    from_own_file,
    from_project,
    from_shared_file,
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


class _TrustInAll(TrustStore):
    """Is asked for nothing: the user's list has a look of its own."""

    def trusts(self, config: Path, digest: str) -> bool:  # noqa: ARG002 - as the other does
        return True


def check(surroundings: Surroundings) -> Iterator[Finding]:
    """Each place by itself, so that one that is broken does not hide the next."""
    folder = surroundings.config_folder
    places: list[Callable[[], Iterator[Finding]]] = [
        lambda: _variables(surroundings),
        lambda: _file(surroundings, folder / USER_FILE, lambda: from_user(folder)),
        lambda: _project(surroundings, _TrustInAll(folder)),
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
    own, shared = root / PROJECT_FILE, root / SHARED_FILE
    found = [
        *_file(surroundings, own, lambda: from_own_file(root, store)),
        *_file(surroundings, shared, lambda: from_shared_file(root, store)),
    ]
    yield from found
    if not found:  # each is right by itself: then only both of them together can be wrong
        try:
            from_project(root, store)
        except ConfigError as error:
            yield fault_of(_SUBJECT, error, surroundings.set_aside(own))


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
