"""The names of credentials as words for an argument."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from agentos.core.config.credential_entries import CredentialEntry, Origin, entries_of_all_places
from agentos.core.config.settings import from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import AgentosError
from agentos.core.paths import user_config_folder
from agentos.models.registry import installed, load_provider


def all_names(project: Path, environ: Mapping[str, str]) -> list[str]:
    """Those of every place that counts."""
    return _distinct(_entries(environ, project))


def own_names(environ: Mapping[str, str]) -> list[str]:
    """Those of the user's own file."""
    return _distinct(one for one in _entries(environ) if one.origin is Origin.FILE)


def _distinct(entries: Iterator[CredentialEntry]) -> list[str]:
    return [*dict.fromkeys(entry.name for entry in entries)]


def _entries(environ: Mapping[str, str], project: Path | None = None) -> Iterator[CredentialEntry]:
    folder = user_config_folder(environ)
    own: tuple[object, ...] = ()
    if project is not None:
        with suppress(AgentosError):
            found = from_project(project, TrustStore(folder))
            own = () if found.untrusted else found.credentials
    yield from entries_of_all_places(
        environ, folder, project_entries=own, key_variables=_key_variables()
    )


def _key_variables() -> dict[str, str]:
    return {
        name: variable
        for name, entry in installed().items()
        if entry.value.startswith("agentos.")
        and (variable := load_provider(entry.value).key_variable)
    }
