"""Credentials that this command did not store: of the environment and of a project."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from agentos.core.config.credential_entries import CredentialEntry, Origin
from agentos.core.config.credential_places import CREDENTIALS_VARIABLE, entries_of_all_places
from agentos.core.config.settings import ProjectConfig, from_project
from agentos.core.config.trust import TrustStore
from agentos.core.errors import AgentosError
from agentos.core.paths import user_config_folder
from agentos.workspace.project import open_project


def entries_here(
    folder: Path, environ: Mapping[str, str], key_variables: Mapping[str, str]
) -> tuple[CredentialEntry, ...]:
    """All that counts in that folder; names may come twice. Raises ConfigError.

    A project whose config cannot be read has none: the user's own keys are not its business.
    """
    config_folder = user_config_folder(environ)
    project = ProjectConfig(folder)
    with suppress(AgentosError):
        project = from_project(open_project(folder, environ).root, TrustStore(config_folder))
    return entries_of_all_places(
        environ,
        config_folder,
        project_entries=project.counted_credentials,
        key_variables=key_variables,
    )


def how_to_take_away(entry: CredentialEntry) -> str:
    """What a person has to do about an entry that is in no file of ours."""
    return {
        Origin.ENVIRONMENT: f"take {entry.name} out of {CREDENTIALS_VARIABLE}",
        Origin.PROJECT: f"take {entry.name} out of the project's config",
        Origin.IMPLIED: f"unset {entry.name}",
    }[entry.origin]
