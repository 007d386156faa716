"""What is masked where a text may repeat anything: an error, a package's own sentence."""

from collections.abc import Mapping
from contextlib import suppress

from agentos.core.config.credentials import known_secrets, likely_secrets
from agentos.core.errors import AgentosError
from agentos.core.masking import SHORTEST_SECRET
from agentos.core.paths import user_config_folder
from agentos.models.registry import installed
from agentos.vault.handled import handled
from agentos.workspace.configuration import key_variables, load_providers


def all_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Each that is known or likely; raises ConfigError for a place that cannot be read."""
    variables: Mapping[str, str] = {}
    with suppress(Exception):  # the list is made of other people's packages
        variables = key_variables(load_providers(installed()))
    folder = user_config_folder(environ)
    known = known_secrets(environ, folder, key_variables=variables)
    return known | likely_secrets(environ) | handled()


def repeated_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """Those that are masked in text of ours, commands included: a shorter one would be a word."""
    return frozenset(one for one in readable_secrets(environ) if len(one) >= SHORTEST_SECRET)


def readable_secrets(environ: Mapping[str, str]) -> frozenset[str]:
    """The same, less those of a place that cannot be read: of these nothing can be repeated."""
    with suppress(AgentosError):
        return all_secrets(environ)
    return likely_secrets(environ) | handled()
