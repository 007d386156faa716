"""The names of credentials as words for an argument."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from agentos.cli.credentials.elsewhere import entries_here
from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import entries_of_all_places
from agentos.core.paths import user_config_folder
from agentos.models.registry import installed, load_provider


def all_names(project: Path, environ: Mapping[str, str]) -> list[str]:
    """Those of every place that counts."""
    return _distinct(entries_here(project, environ, _key_variables()))


def own_names(environ: Mapping[str, str]) -> list[str]:
    """Those of the user's own file."""
    stored = entries_of_all_places(environ, user_config_folder(environ))
    return _distinct(one for one in stored if one.origin is Origin.FILE)


def _distinct(entries: Iterable[CredentialEntry]) -> list[str]:
    return [*dict.fromkeys(entry.name for entry in entries)]


def _key_variables() -> dict[str, str]:
    """Those of our own providers: nobody else's module is imported for a word."""
    return {
        name: variable
        for name, entry in installed().items()
        if entry.value.startswith("agentos.")
        and (variable := load_provider(entry.value).key_variable)
    }
